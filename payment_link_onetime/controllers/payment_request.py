from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from ..const import MAX_REFERENCE, REQUESTS_PER_ADDRESS
from .pay import PaymentLinkPortal


class PaymentLinkRequest(http.Controller):
    @http.route(
        "/payment-request", type="http", methods=["GET"], auth="public", sitemap=False
    )
    def payment_request(
        self,
        amount="",
        referenceId="",
        currency="",
        expires="",
        signature="",
        company="",
        redirectUrl="",
        **_kwargs,
    ):
        """Lead to the payment link that an address asks for, made when it is new.

        The one GET that creates: once for each reference. Whatever a later address
        says, the first amount stays.

        :param str amount: What to pay, such as `250.00`.
        :param str referenceId: What the payment is called, unique in the company.
        :param str currency: An ISO code; left out, the company's currency.
        :param str expires: Until when the address is good, in seconds since 1970.
        :param str signature: See `res.company._check_payment_link_signature`.
        :param str company: The company's id, where the host does not say it.
        :param str redirectUrl: Where the payer can return to, on one of the hosts that
            the company allows.
        :return: 303 to the link's page; 400, 404 or 429 with a page that says why not.
        """
        company_sudo = request.env["res.company"]._find_for_payment_link_request(
            request.httprequest.host.partition(":")[0], company
        )
        if not company_sudo or request.httprequest.method == "HEAD":
            # A preview looks, and makes nothing.
            return PaymentLinkPortal._render_page(
                "payment_link_onetime.page_not_found", {}, 404
            )
        wait = request.env["payment.link.rate"]._hit(
            f"request {request.httprequest.remote_addr}", REQUESTS_PER_ADDRESS, 60
        )
        if wait:
            message = request.env._("Too many requests. Please try again in a minute.")
            response = self._refuse(company_sudo, message, 429)
            response.headers["Retry-After"] = str(wait)
            return response
        try:
            if not referenceId.strip():
                raise UserError(request.env._("The address names no referenceId."))
            if not referenceId.isprintable() or len(referenceId) > MAX_REFERENCE:
                raise UserError(
                    request.env._(
                        "The referenceId must be a text of at most %(maximum)s"
                        " characters.",
                        maximum=MAX_REFERENCE,
                    )
                )
            company_sudo._check_payment_link_signature(
                amount, referenceId, currency, expires, signature
            )
            with request.env.cr.savepoint():
                link_sudo = request.env["payment.link"]._request(
                    company_sudo, amount, referenceId, currency, redirectUrl
                )
        except UserError as error:
            return self._refuse(company_sudo, error.args[0], 400)
        return request.redirect(link_sudo._get_page_path(), code=303)

    @staticmethod
    def _refuse(company_sudo, message, status):
        """Return a page that says what is wrong with the address."""
        return PaymentLinkPortal._render_page(
            "payment_link_onetime.request_refused",
            {"contact": company_sudo, "message": message},
            status,
        )
