from werkzeug.exceptions import NotFound

from odoo import http
from odoo.http import request

from .pay import PaymentLinkPortal


class PaymentLinkRenewal(http.Controller):
    # Without a CSRF token: the address of the page is all the right that it takes, and
    # who has it need not trick anybody. The page would need a session to carry one.
    @http.route(
        "/pay/<string:access_token>/renew",
        type="http",
        methods=["POST"],
        auth="public",
        csrf=False,
        sitemap=False,
    )
    def payment_link_renew(self, access_token, **_kwargs):
        """Send a new link to the customer of an expired one, if her address is known.

        :param str access_token: The secret part of the URL.
        :return: The way back to the page (303), the same whatever comes of it, or 404,
            the same for every wrong token.
        """
        try:
            link_sudo = PaymentLinkPortal._get_link(access_token)
        except NotFound:
            return PaymentLinkPortal._render_page(
                "payment_link_onetime.page_not_found", {}, 404
            )
        link_sudo._request_renewal(request.httprequest.remote_addr)
        return request.redirect(f"{link_sudo._get_page_path()}?renewed=1", code=303)
