"""The guest page and the mails in every language: in a browser, by axe.

English is in `test_guest_page.py`.
"""

import re

import polib
import pytest
from accessibility import PART_RULES, assert_accessible
from states import PHONE, STATES, Pages, reach, wait_for_scripts
from test_guest_page import check_accessibility

from dev.databases import LANGUAGES, SHIPPED_LANGUAGES
from dev.paths import ADDON

SERVER = {"flavour": LANGUAGES, "workers": 2}


@pytest.fixture(scope="module")
def sources():
    """Of each language, the texts in English that nobody should read in it any more."""
    result = {}
    for name, code in SHIPPED_LANGUAGES.items():
        po = polib.pofile(str(ADDON / "i18n" / f"{name}.po"))
        result[code] = {
            entry.msgid.strip()
            for entry in po.translated_entries()
            # Of shorter ones, some are the same, or part of another text.
            if entry.msgid.count(" ") >= 2 and not re.search("[<%{]", entry.msgid)
            if entry.msgid.strip() != entry.msgstr.strip()
        }
    return result


def check_language(page, code, sources):
    html = page.locator("html")
    assert html.get_attribute("lang") == code.replace("_", "-")
    assert html.get_attribute("dir") == ("rtl" if code == "ar_001" else "ltr")
    text = " ".join(page.locator("body").text_content().split())
    assert not [source for source in sources[code] if source in text]


@pytest.mark.parametrize("state", STATES)
def test_every_state_is_accessible_in_every_language(server, open_tab, sources, state):
    """One link, whose customer learns one language after the other."""
    first, *others = SHIPPED_LANGUAGES.values()
    with server.environment() as env:
        pages = Pages(env, lang=first)
        # Nobody's language: the company's.
        customers = pages.customer | env.company.partner_id
        customers.lang = first
        path = pages.create(state)
        customer_ids = customers.ids
    page = open_tab(**PHONE)
    reach(page, state, f"{server.url}{path}")
    for code in SHIPPED_LANGUAGES.values():
        if code != first:
            with server.environment() as env:
                env["res.partner"].browse(customer_ids).lang = code
            page.reload()
            wait_for_scripts(page)
        if code != first and state in ("form", "payer"):
            reach(page, state, page.url)
        check_accessibility(page)
        if state != "not_found":  # It tells nothing, nor whose language it would be.
            check_language(page, code, sources)


# What mails to customers are about.
RECORDS = {
    "payment.link": lambda pages: pages._create_link(),
    "payment.transaction": lambda pages: pages._create_completed().transaction_ids,
}


def test_mails_are_accessible_in_every_language(server, open_browser, sources):
    """Every mail of the addon to customers, as it is sent, and in English, too."""
    mails = []
    with server.environment() as env:
        pages = Pages(env)
        for template in get_templates(env):
            for code in ("en_US", *SHIPPED_LANGUAGES.values()):
                pages.customer.lang = code
                mails.append((template.name, code, get_mail(pages, template)))
    assert mails
    page = open_browser(**PHONE)
    for name, code, body in mails:
        lang = code.replace("_", "-")
        page.set_content(
            f'<html lang="{lang}"><head><title>{name}</title></head>{body}</html>'
        )
        assert_accessible(page, PART_RULES, name=f"{name}, {code}:")
        direction = page.locator("table").first.get_attribute("dir")
        assert direction == ("rtl" if code == "ar_001" else "ltr")
        if code != "en_US":
            text = " ".join(page.locator("body").text_content().split())
            assert not [source for source in sources[code] if source in text]


def get_templates(env):
    """Return the addon's mail templates for customers."""
    data = env["ir.model.data"].search(
        [("module", "=", "payment_link_onetime"), ("model", "=", "mail.template")]
    )
    templates = env["mail.template"].browse(data.mapped("res_id"))
    return templates.filtered(lambda template: template.model in RECORDS)


def get_mail(pages, template):
    """Return the HTML of a mail, in the layout that links are sent in."""
    record = RECORDS[template.model](pages)
    mail_id = template.send_mail(
        record.id, email_layout_xmlid="payment_link_onetime.mail_layout"
    )
    return pages.env["mail.mail"].browse(mail_id).body_html
