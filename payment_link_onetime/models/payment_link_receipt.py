import logging

from odoo import models
from odoo.exceptions import UserError
from odoo.tools import format_amount

_logger = logging.getLogger(__name__)


class PaymentLink(models.Model):
    """What a payer gets to keep: the receipt."""

    _inherit = "payment.link"

    # === ACTION METHODS === #

    def action_print_receipt(self):
        """Print the receipt of what was paid with the link.

        :return: The report action.
        :rtype: dict
        :raises UserError: if no money was received.
        """
        self.ensure_one()
        self.check_access("read")  # A refusal names the link, too.
        self.sudo()._get_receipt_values(self.sudo()._get_receipt_charges())
        # It has a layout of its own: nobody is asked to choose Odoo's first.
        return self.env.ref(
            "payment_link_onetime.action_report_link_receipt"
        ).report_action(self, config=False)

    # === BUSINESS METHODS === #

    def _render_receipt_pdf(self, charges):
        """Render the receipt of some of the link's charges as a PDF, for a guest.

        Unlike Odoo's reports, it lets wkhtmltopdf load nothing from the server: guests
        who print at the same moment would each need two of its workers.

        :param payment.transaction charges: The charges, in sudo.
        :return: The PDF, or `None` where none can be made.
        :rtype: bytes|None
        """
        self.ensure_one()
        if not self._can_render_pdf():
            return None
        reports_sudo = self.env["ir.actions.report"].sudo()  # Guests have no account.
        html = self.env["ir.qweb"]._render(
            "payment_link_onetime.receipt_page",
            {"receipt": self._get_receipt_values(charges), "is_pdf": True},
        )
        try:
            return reports_sudo.with_company(self.company_id)._run_wkhtmltopdf(
                [str(html)],
                specific_paperformat_args={
                    "data-report-margin-top": 10,
                    "data-report-margin-bottom": 10,
                },
            )
        except (OSError, UserError):
            _logger.warning("The receipt of %s cannot be made", self.code)
            return None

    # === GETTERS === #

    def _can_render_pdf(self):
        """Return whether the server has what makes PDFs.

        :rtype: bool
        """
        return self.env["ir.actions.report"].get_wkhtmltopdf_state() in (
            "ok",
            "workers",  # Odoo's reports need a second one, and these do not.
        )

    def _get_page_receipt_values(self, page_state, own_charge):
        """Return what the page shows of the receipt, without asking the database.

        :param str page_state: A value of :meth:`_get_page_state`.
        :param payment.transaction own_charge: What this visitor started to pay last.
        :rtype: dict
        """
        self.ensure_one()
        is_paid = own_charge.state == "done" or (
            page_state == "completed"
            and self.state == "completed"
            and self.max_payments == 1
            and not self.currency_id.is_zero(self.amount_paid)
        )
        has_pdf = self._can_render_pdf()
        return {
            "receipt_path": is_paid
            and f"{self._get_page_path()}/receipt{'.pdf' if has_pdf else ''}",
            "has_receipt_pdf": has_pdf,
        }

    def _get_receipt_charges(self):
        """Return the charges that brought the money that the link asked for.

        A payment beyond it is none of the link's holder's business: it may be somebody
        else's.

        :rtype: payment.transaction
        """
        self.ensure_one()
        charges = self.transaction_ids.filtered(
            lambda tx: not tx.source_transaction_id and tx._get_received_amount()
        ).sorted("id")
        if not (self.max_payments and self._has_surplus()):
            return charges
        counted, taken = charges.browse(), 0.0
        for charge in charges:
            if self.currency_id.compare_amounts(taken, self._get_asked_amount()) < 0:
                counted |= charge
                taken += charge._get_received_amount()
        return counted

    def _get_guest_receipt_charges(self, own_charge):
        """Return the charges that a visitor of the page may have a receipt of.

        :param payment.transaction own_charge: What this visitor started to pay last.
        :return: Her own charge, or else what paid a link that can be paid once: its
            page says the same. Empty as long as no money was received.
        :rtype: payment.transaction
        """
        self.ensure_one()
        if own_charge and own_charge._get_received_amount():
            return own_charge
        if self.max_payments == 1 and self.state == "completed":
            return self._get_receipt_charges()
        return own_charge.browse()

    def _get_receipt_number(self, charges):
        """Return what a receipt is called by.

        :param payment.transaction charges: The link's charges that are on it.
        :return: The payment's number, or the link's for several payments.
        :rtype: str
        """
        return charges.reference if len(charges) == 1 else self.code

    def _get_receipt_values(self, charges):
        """Return what a receipt shows, in the customer's language.

        :param payment.transaction charges: Charges of the link.
        :return: The values for the receipt's template.
        :rtype: dict
        :raises UserError: if they brought no money.
        """
        self.ensure_one()
        lang = self._get_page_lang()
        link = self.with_context(lang=lang)
        charges = charges.filtered(lambda charge: charge._get_received_amount())
        if not charges:
            raise UserError(
                self.env._(
                    "There is no receipt for %(reference)s: no money was received yet.",
                    reference=self.reference,
                )
            )
        refunds = charges._get_with_children().filtered(
            lambda tx: tx.operation == "refund" and tx.state == "done"
        )
        received = sum(charge._get_received_amount() for charge in charges)
        refunded = -sum(refunds.mapped("amount"))
        address = link.company_id.partner_id._display_address(without_company=True)
        return {
            "link": link,
            "company": link.company_id,
            "company_address": "\n".join(
                filter(None, map(str.strip, address.splitlines()))
            ),
            "lang": lang,
            "html_lang": lang.replace("_", "-"),
            "direction": self.env["res.lang"]._get_data(code=lang).direction,
            "number": self._get_receipt_number(charges),
            "customer": link.partner_id.display_name,
            "payments": [
                {
                    "number": tx.reference,
                    "date": link._format_time(tx._get_received_at()),
                    "method": tx._get_method_text(),
                    "is_refund": tx in refunds,
                    "amount": link._format_amount(
                        tx.amount if tx in refunds else tx._get_received_amount()
                    ),
                }
                for tx in [
                    *charges.with_context(lang=lang),
                    *refunds.with_context(lang=lang).sorted("id"),
                ]
            ],
            "received": format_amount(link.env, received, self.currency_id),
            "refunded": refunds and link._format_amount(-refunded),
            "net": link._format_amount(received - refunded),
        }
