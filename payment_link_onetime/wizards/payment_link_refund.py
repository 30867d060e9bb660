from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date


class PaymentLinkRefund(models.TransientModel):
    """The dialog behind "Refund" on a payment link."""

    _name = "payment.link.refund"
    _description = "Refund Payment Link"

    link_id = fields.Many2one("payment.link", required=True, readonly=True)
    currency_id = fields.Many2one(related="link_id.currency_id")
    amount_paid = fields.Monetary(related="link_id.amount_paid")
    amount_refundable = fields.Monetary(related="link_id.amount_refundable")
    amount = fields.Monetary(
        compute="_compute_amount",
        store=True,
        precompute=True,
        readonly=False,
        required=True,
    )
    reason = fields.Selection(
        [
            ("duplicate", "Duplicate payment"),
            ("fraudulent", "Fraudulent payment"),
            ("requested_by_customer", "Requested by the customer"),
            ("order_cancelled", "Order cancelled"),
            ("other", "Other"),
        ],
        required=True,
    )
    note = fields.Char(help="It goes into the history of the link, not to the payer.")
    review = fields.Html(string="Refunds", compute="_compute_review")

    # === COMPUTE METHODS === #

    @api.depends("link_id")
    def _compute_amount(self):
        for wizard in self:
            wizard.amount = wizard.link_id.amount_refundable

    @api.depends("amount", "link_id")
    def _compute_review(self):
        for wizard in self:
            try:
                parts = wizard.link_id._split_refund(wizard.amount)
            except UserError as error:
                wizard.review = Markup("<p class='text-danger'>%s</p>") % error
                continue
            rows = [
                (
                    charge.reference,
                    charge.provider_id.sudo().name,  # Accountants see it anyway.
                    format_date(self.env, charge.last_state_change),
                    wizard.currency_id.format(amount),
                )
                for charge, amount in parts
            ]
            titles = (
                self.env._("Payment"),
                self.env._("Provider"),
                self.env._("Paid on"),
                self.env._("Goes back"),
            )
            wizard.review = Markup("<table class='table table-sm'>%s%s</table>") % (
                self._format_row("th", titles),
                Markup("").join(self._format_row("td", row) for row in rows),
            )

    # === ACTION METHODS === #

    def action_refund(self):
        """Ask the providers for the refund.

        :return: The client action that says so and closes the dialog.
        :rtype: dict
        :raises UserError: if that amount cannot be refunded now.
        """
        self.ensure_one()
        self.link_id._refund_charges(self.amount, self._get_reason_text())
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._(
                    "The refund of %(amount)s is on its way.",
                    amount=self.currency_id.format(self.amount),
                ),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    # === GETTERS === #

    @staticmethod
    def _format_row(tag, texts):
        """Return a row of a table whose last column is an amount.

        :param str tag: `th` or `td`.
        :param iterable texts: What the cells say.
        :rtype: Markup
        """
        *others, amount = texts
        cell = Markup(f"<{tag}>%s</{tag}>")
        return Markup("<tr>%s%s</tr>") % (
            Markup("").join(cell % text for text in others),
            Markup(f"<{tag} class='text-end'>%s</{tag}>") % amount,
        )

    def _get_reason_text(self):
        """Return the reason as a text, in the language of the link's company.

        :rtype: str
        """
        self.ensure_one()
        wizard = self.with_context(lang=self.link_id.company_id.partner_id.lang)
        selection = self._fields["reason"]._description_selection(wizard.env)
        label = dict(selection)[self.reason]
        return f"{label} ({self.note})" if self.note else label
