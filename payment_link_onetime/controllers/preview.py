from werkzeug.exceptions import NotFound

from odoo import Command, http
from odoo.http import request

from .pay import PaymentLinkPortal


class PaymentLinkPreview(PaymentLinkPortal):
    @http.route(
        "/payment_link/preview",
        type="http",
        methods=["GET"],
        auth="user",
        sitemap=False,
        readonly=True,
    )
    def payment_link_preview(self, company_id=None, **_kwargs):
        """Show administrators a page that nobody can pay, of a link that is nowhere.

        :param str company_id: Whose page; one of the user's companies.
        :return: The page.
        :raise NotFound: For whoever does not configure payment links, and companies
            that are not the user's.
        """
        user = request.env.user
        is_manager = user.has_group("payment_link_onetime.group_payment_link_manager")
        company = user.company_ids.filtered(lambda c: str(c.id) == company_id)
        if not company or not (is_manager or user._is_admin()):
            raise NotFound()
        request.update_context(allowed_company_ids=company.ids)
        link_sudo = self._prepare_preview_link(company)
        values = link_sudo._get_page_values(
            "open", request.env["payment.transaction"].sudo()
        )
        values.update(self._get_payment_form_values(link_sudo), is_preview=True)
        return self._render_page("payment_link_onetime.page", values, 200)

    @staticmethod
    def _prepare_preview_link(company):
        """Return a link that is not stored.

        :param res.company company: Whose link.
        :rtype: payment.link
        """
        return (
            request.env["payment.link"]
            .sudo()  # What payers see, they see in sudo mode.
            .new(
                {
                    "company_id": company.id,
                    "currency_id": company.currency_id.id,
                    "reference": request.env._("PREVIEW"),
                    "description": request.env._("What your customer pays for"),
                    "amount": 100.0,
                    "amount_due": 100.0,
                    "amount_untaxed": 100.0,
                    "amount_total": 100.0,
                    "state": "open",
                    "max_payments": 1,
                    "line_ids": [
                        Command.create(
                            {
                                "name": request.env._("Garden chair"),
                                "quantity": 2.0,
                                "amount_untaxed": 100.0,
                            }
                        )
                    ],
                }
            )
        )
