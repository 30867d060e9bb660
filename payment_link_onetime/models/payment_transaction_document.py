from odoo import fields, models

from ..const import MONEY_STATES
from ..tools import before_commit


class PaymentTransaction(models.Model):
    """What the payments of links, and others, do to the documents of links."""

    _inherit = "payment.transaction"

    # === CRUD METHODS === #

    def _write_multi(self, vals_list):  # pylint: disable=missing-return
        """Override of `base`: money at any door counts for the document's links."""
        super()._write_multi(vals_list)
        changed_ids = [
            tx_id
            for tx_id, vals in zip(self._ids, vals_list, strict=True)
            if vals.get("state") in MONEY_STATES
        ]
        if changed_ids:
            before_commit(self.browse(changed_ids), "_follow_payment_link_documents")

    # === BUSINESS METHODS - POST-PROCESSING === #

    def _follow_payment_link_documents(self):
        """Let the open links of the documents follow what was paid."""
        for documents in (self.sale_order_ids, self.invoice_ids):
            if documents:
                documents._payment_link_follow()

    def _post_process(self):  # pylint: disable=missing-return
        """Override of `payment` to leave invoices alone that somebody works on, and to
        say by which campaign the money came.

        Odoo posts the draft invoices of a transaction that is paid. That is meant for
        those that it makes itself: who reset an invoice to draft wants to change it.
        The payment waits, and reconciles by itself when the invoice is posted.
        """
        self._hand_on_payment_link_campaign()
        drafts = {}
        charges = self.filtered(
            lambda tx: tx.state == "done" and tx.payment_link_id.invoice_ids
        )
        # What was captured in parts pays the invoices of the charge.
        for tx in charges | charges.source_transaction_id:
            drafts[tx] = tx.invoice_ids.filtered(lambda move: move.state == "draft")
            tx.invoice_ids -= drafts[tx]
        super()._post_process()
        for tx, moves in drafts.items():
            tx.invoice_ids |= moves

    def _hand_on_payment_link_campaign(self):
        """Give the campaigns of links to the documents that are paid with them.

        Before Odoo makes the invoices of an order: they take them from the order.
        """
        paid = self.filtered(lambda tx: tx.state == "done" and tx.operation != "refund")
        for link in paid.payment_link_id:
            link._hand_on_campaign()

    def _invoice_sale_orders(self):  # pylint: disable=missing-return
        """Override of `sale` to keep the invoices that a link's charge pays already.

        Odoo puts those that it makes now in their place, or none.
        """
        invoices = {tx: tx.invoice_ids for tx in self if tx.payment_link_id}
        super()._invoice_sale_orders()
        for tx, moves in invoices.items():
            tx.invoice_ids |= moves

    def _create_payment(self, **extra_create_values):
        """Override of `account_payment` to write off early payment discounts."""
        if not (self.payment_link_id and self.invoice_ids):
            return super()._create_payment(**extra_create_values)
        extra_create_values.setdefault(
            "write_off_line_vals", self._get_payment_link_discount_lines()
        )
        tx = self.with_context(payment_link_discount_is_booked=True)
        return super(PaymentTransaction, tx)._create_payment(**extra_create_values)

    # === GETTERS === #

    def _get_payment_link_discount_lines(self):
        """Return the lines by which a payment closes discounted invoices.

        The customer has the discount who started to pay in time, and paid all that was
        due then.

        :return: The values of journal items, as `account.payment` takes them.
        :rtype: list[dict]
        """
        self.ensure_one()
        invoices = self.invoice_ids.filtered(
            lambda move: move.state == "posted" and move.move_type == "out_invoice"
        )
        date = invoices._payment_link_get_discount_date(self)
        installments = invoices._payment_link_get_discounted_installments(date)
        discount = sum(part["discount_amount_currency"] for part in installments)
        due = sum(invoices.mapped("amount_residual")) - discount
        if not installments or self.currency_id.compare_amounts(self.amount, due) != 0:
            return []
        currency, company = self.currency_id, self.company_id
        today = fields.Date.context_today(self)  # The payment's date.
        lines_by_type = (
            invoices._get_invoice_counterpart_amls_for_early_payment_discount(
                [
                    {
                        "aml": part["line"],
                        "amount_currency": -part["line"].amount_residual_currency,
                        "balance": -part["line"].amount_residual,
                    }
                    for part in installments
                ],
                currency._convert(discount, company.currency_id, company, today),
            )
        )
        partner = invoices.partner_id.commercial_partner_id
        return [
            {**line, "partner_id": partner.id}
            for lines in lines_by_type.values()
            for line in lines
        ]
