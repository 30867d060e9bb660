from odoo import fields, models
from odoo.tools import format_date

from ..const import MONEY_STATES


class AccountMove(models.Model):
    """What invoices owe: to the payer, to their links, and with which discount."""

    _inherit = "account.move"

    # === GETTERS === #

    def _payment_link_get_due_amount(self):
        """Override of the mixin: what is unreconciled and not yet on its way.

        Less the early payment discount, while the customer has it.
        """
        return self._payment_link_get_open_amount()

    def _payment_link_get_owed_amount(self):
        """Override of the mixin: links outlive a discount, so they ask without it."""
        return self._payment_link_get_open_amount(with_discount=False)

    def _payment_link_get_unsettled_amount(self):
        """Override of the mixin to leave out what is on its way."""
        return self._payment_link_get_open_amount(only_settled=True)

    def _payment_link_get_open_amount(self, with_discount=True, only_settled=False):
        """Return what is unreconciled, less the money that is not booked yet.

        :param bool with_discount: Whether an early payment discount counts.
        :param bool only_settled: Whether money counts only once it is with us.
        :return: The amount in the invoices' currency.
        :rtype: float
        """
        currency = self.currency_id[:1]
        invoices = self._payment_link_get_payable()
        residual = sum(invoices.mapped("amount_residual"))
        date = None
        if with_discount and any(
            invoices.invoice_payment_term_id.mapped("early_discount")
        ):
            # The customer has it who pays in time, whenever that is booked.
            charges_sudo = self._payment_link_get_unbooked_charges()
            date = self._payment_link_get_discount_date(charges_sudo)
        taken = self._payment_link_get_unbooked_money(only_settled, discount_date=date)
        if date:
            discount = invoices._payment_link_get_discount(date)
            is_all = currency.compare_amounts(taken, residual - discount) >= 0
            if currency.is_zero(taken) or is_all:
                residual -= discount
        return max(currency.round(residual - taken), 0.0)

    def _payment_link_get_unbooked_money(
        self, only_settled=False, transactions=None, discount_date=None
    ):
        """Return what providers hold, announce, or settled, and is not booked yet.

        What is booked is reconciled, and the residual amount knows it. A charge may pay
        other invoices, too: as when it is booked, what is due first is paid first.

        :param bool only_settled: Whether only what they settled is asked for.
        :param payment.transaction transactions: Some of the invoices' transactions, in
            sudo; all of them if nothing else is said.
        :param date discount_date: The day that decides about discounts, if any.
        :return: The amount that pays these invoices, in their currency.
        :rtype: float
        """
        moves_sudo = self.sudo()  # Payers have no account.
        charges_sudo = moves_sudo.transaction_ids
        counted_sudo = charges_sudo if transactions is None else transactions
        while others_sudo := charges_sudo.invoice_ids - moves_sudo:
            moves_sudo |= others_sudo
            charges_sudo |= others_sudo.transaction_ids
        amounts = {
            charge: charge._get_payment_link_unbooked_amount(only_settled)
            for charge in charges_sudo.sorted("id")
        }
        if not any(amounts.values()):
            return 0.0
        money = 0.0
        left = moves_sudo._payment_link_get_unpaid_parts(discount_date)
        for charge, amount in amounts.items():
            for line in left:
                if line.move_id in charge.invoice_ids:
                    part = min(left[line], amount)
                    left[line] -= part
                    amount -= part
                    if charge in counted_sudo and line.move_id.id in self._ids:
                        money += part
        return money

    def _payment_link_get_unpaid_parts(self, discount_date):
        """Return what is open of the parts in which invoices are due, earliest first.

        :param date discount_date: The day that decides about discounts, if any.
        :return: Amounts in the invoices' currency, by journal item.
        :rtype: dict
        """
        invoices = self._payment_link_get_payable()
        lines = invoices.line_ids.filtered(
            lambda line: line.display_type == "payment_term"
        )
        left = {
            line: line.amount_residual_currency
            for line in lines.sorted(lambda line: (line.date_maturity, line.id))
        }
        if discount_date:
            for part in invoices._payment_link_get_discounted_installments(
                discount_date
            ):
                left[part["line"]] -= part["discount_amount_currency"]
        return left

    def _payment_link_get_payable(self):
        """Return those of the moves that are invoices and owe money.

        :rtype: account.move
        """
        return self.filtered(
            lambda move: move.state == "posted" and move.move_type == "out_invoice"
        )

    def _payment_link_get_reconciled(self, payments):
        """Return how much of the invoice some payments have paid.

        :param account.payment payments: The payments.
        :return: The amount in the invoice's currency, discounts aside.
        :rtype: float
        """
        amounts = dict.fromkeys(payments, 0.0)
        for partial in self._get_all_reconciled_invoice_partials():
            payment = partial["aml"].move_id.origin_payment_id
            if payment in amounts:
                amounts[payment] += partial["amount"]
        return sum(min(amount, pay.amount) for pay, amount in amounts.items())

    def _payment_link_get_share(self, order, amount):
        """Return the part of an amount of the invoice that belongs to an order.

        :param sale.order order: One of the orders that were invoiced.
        :param float amount: The amount in the invoice's currency.
        :return: The amount in the order's currency.
        :rtype: float
        """
        if self.line_ids.sale_line_ids.order_id != order and self.amount_total:
            invoiced = self._get_sale_order_invoiced_amount(order)
            return amount * invoiced / self.amount_total
        return self.currency_id._convert(
            amount, order.currency_id, self.company_id, self.invoice_date
        )

    def _payment_link_get_unbooked_charges(self):
        """Return the charges that bring or brought money, and have no payment yet.

        :return: The charges, in sudo.
        :rtype: payment.transaction
        """
        return self.sudo().transaction_ids.filtered(
            lambda tx: not tx.payment_id and tx.state in MONEY_STATES
        )

    def _payment_link_get_discount_date(self, charges):
        """Return the day that decides whether the customer paid early.

        :param payment.transaction charges: Charges that pay the invoices, if any.
        :return: The day on which the first of them was started, or today, where the
            company is.
        :rtype: date
        """
        company = self.company_id[:1] or self.env.company
        moves = self.with_context(tz=company._get_payment_link_timezone())
        return fields.Date.context_today(
            moves, min(charges.mapped("create_date"), default=None)
        )

    def _payment_link_get_discount(self, date):
        """Return the early payment discount on the invoices, by Odoo's rules.

        :param date date: The day of the payment.
        :return: The amount in the invoices' currency.
        :rtype: float
        """
        return sum(
            installment["discount_amount_currency"]
            for installment in self._payment_link_get_discounted_installments(date)
        )

    def _payment_link_get_discounted_installments(self, date):
        """Return what Odoo says about the parts of the invoices that are discounted.

        :param date date: The day of the payment.
        :rtype: list[dict]
        """
        return [
            installment
            for move in self
            if move.invoice_payment_term_id.early_discount
            for installment in move.line_ids.filtered(
                lambda line: line.display_type == "payment_term"
            )._get_installments_data(payment_date=date)
            if installment["type"] == "early_payment_discount"
        ]

    def _payment_link_get_discount_text(self):
        """Override of the mixin: as Odoo's own dialog says it."""
        today = self._payment_link_get_discount_date(self.env["payment.transaction"])
        installments = self._payment_link_get_discounted_installments(today)
        if not installments:
            return ""
        return self.env._(
            "Early payment discount: the customer is asked for %(amount)s until"
            " %(date)s.",
            amount=self.currency_id.format(self._payment_link_get_due_amount()),
            date=format_date(
                self.env, min(part["line"].discount_date for part in installments)
            ),
        )

    def _payment_link_get_total_amount(self):
        """Override of the mixin: a cancelled invoice is worth nothing."""
        return sum(
            self.filtered(lambda move: move.state != "cancel").mapped("amount_total")
        )

    def _payment_link_get_installment_amount(self):
        """Override of the mixin: by Odoo's own account of the payment terms."""
        amount = sum(
            move._get_invoice_next_payment_values().get("next_amount_to_pay", 0.0)
            for move in self
        )
        owed = self._payment_link_get_owed_amount()
        is_part = self.currency_id.compare_amounts(amount, owed) < 0
        return amount if is_part else 0.0
