"""Who visits a page: a customer, or somebody who only looks at it for others."""

from ..const import IN_APP_BROWSERS, LINK_PREVIEWERS, NO_BOTS

# What a browser or a proxy says that reads a page before anybody asks for it.
_PURPOSE_HEADERS = ("Purpose", "Sec-Purpose", "X-Purpose", "X-Moz")
_PURPOSES = ("prefetch", "prerender", "preview")


def is_customer(request):
    """Return whether a visit is one of a person for whom the page is made.

    Colleagues who look how the page turned out are not, and neither are previews in
    messengers, scanners of mails, search engines, and pages that are read in advance.

    :param odoo.http.Request request: The visitor's request.
    :rtype: bool
    """
    headers = request.httprequest.headers
    purpose = " ".join(headers.get(name, "") for name in _PURPOSE_HEADERS).lower()
    return not (
        headers.get("Odoo-Link-Preview")
        or any(word in purpose for word in _PURPOSES)
        or _is_bot(headers.get("User-Agent", ""), request.env["ir.http"].bots)
        or request.env.user._is_internal()
    )


def _is_bot(user_agent, bots):
    """Return whether a user agent is none of a person's browser.

    :param str user_agent: What the visitor's program says about itself.
    :param list bots: Odoo's own words for programs that are none.
    :rtype: bool
    """
    text = user_agent.lower()
    words = {*bots, *LINK_PREVIEWERS}
    if "applewebkit" in text and "mobile" in text:
        words.difference_update(IN_APP_BROWSERS)
    for phone in NO_BOTS:
        text = text.replace(phone, "")
    return not text.strip() or any(word in text for word in words)
