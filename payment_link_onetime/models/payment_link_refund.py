from odoo import fields, models
from odoo.exceptions import AccessError, UserError


class PaymentLink(models.Model):
    """What a bookkeeper does with money that a link brought: capture, void, refund."""

    _inherit = "payment.link"

    amount_refundable = fields.Monetary(
        string="Refundable",
        compute="_compute_amount_refundable",
        groups="account.group_account_invoice",
        help="What was paid, less refunds that are done or under way.",
    )

    # === COMPUTE METHODS === #

    def _compute_amount_refundable(self):
        for link in self:
            link.amount_refundable = sum(
                charge._get_amount_left("refund")
                for charge in link._get_refundable_charges()
            )

    # === ACTION METHODS === #

    def action_capture(self):
        """Take the money that the link's payers authorised, all of it or a part.

        :return: Odoo's dialog for it, or its notification.
        :rtype: dict
        :raises UserError: if no money is held.
        """
        self.ensure_one()
        return self._get_held_charges().action_capture()

    def action_void(self):
        """Give back the money that the link's payers authorised and nobody captured.

        :return: Odoo's notification.
        :rtype: dict
        :raises UserError: if no money is held.
        """
        self.ensure_one()
        charges_sudo = self._get_held_charges().sudo()  # Provider settings are read.
        for charge_sudo in charges_sudo:
            charge_sudo._void()
        return charges_sudo._build_action_feedback_notification()

    def action_refund(self):
        """Open the dialog that refunds what the link's payers paid.

        :return: The window action.
        :rtype: dict
        :raises UserError: if nothing can be refunded, or a refund is under way.
        """
        self.ensure_one()
        self._check_accountant()
        self._check_refundable()
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(
                "payment_link_onetime.action_payment_link_refund"
            ),
            "name": self.env._("Refund %(reference)s", reference=self.reference),
            "context": {"default_link_id": self.id},
        }

    def action_refund_all(self):
        """Refund all that the links' payers paid. It asks nothing: for automation rules.

        :raises UserError: naming the links on which nothing can be refunded, or of which
            a refund is under way. Then none is refunded.
        """
        self._check_accountant()
        reason = self.env._("Refunded in full by an action")
        self._do_each(
            lambda link: link._refund_charges(link.sudo().amount_refundable, reason)
        )

    # === BUSINESS METHODS === #

    def _refund_charges(self, amount, reason):
        """Ask the providers to pay back an amount of the link, newest charge first.

        :param float amount: The amount in the link's currency.
        :param str reason: Why, as a text for people.
        :return: The refunds, drafts that a job sends.
        :rtype: payment.transaction
        :raises UserError: if that amount cannot be refunded, or a refund is under way.
        """
        self.ensure_one()
        self._check_accountant()
        # In sudo mode because accountants may not write links.
        self.sudo()._lock()
        self._check_refundable()
        refunds_sudo = self.env["payment.transaction"].sudo()
        for charge, part in self._split_refund(amount):
            refunds_sudo |= charge.sudo()._refund(part)
        refunds_sudo.payment_link_refund_reason = reason
        self.sudo()._log_note(
            lambda env: env._(
                "Refund of %(amount)s: %(reason)s",
                amount=self.currency_id.format(amount),
                reason=reason,
            )
        )
        return refunds_sudo

    def _split_refund(self, amount):
        """Return which charge gives how much of a refund, newest first.

        :param float amount: The amount in the link's currency.
        :return: Pairs of a `payment.transaction` and an amount.
        :rtype: list[tuple]
        :raises UserError: if the charges and their providers do not allow it.
        """
        self.ensure_one()
        currency = self.currency_id
        rest = amount
        parts = []
        for charge in self._get_refundable_charges().sorted("id", reverse=True):
            part = min(charge._get_amount_left("refund"), rest)
            if currency.compare_amounts(part, 0.0) > 0 and charge._can_request_amount(
                "refund", part
            ):
                parts.append((charge, currency.round(part)))
                rest = currency.round(rest - part)
        if currency.compare_amounts(amount, 0.0) <= 0 or not currency.is_zero(rest):
            raise UserError(
                self.env._(
                    "%(amount)s cannot be refunded: of %(left)s that are left,"
                    " the payment providers can refund whole payments only, or less."
                    " Choose another amount.",
                    amount=currency.format(amount),
                    left=currency.format(self.amount_refundable),
                )
                if currency.compare_amounts(amount, self.amount_refundable) <= 0
                and currency.compare_amounts(amount, 0.0) > 0
                else self.env._(
                    "Choose an amount above zero and up to %(left)s, which is what is"
                    " left to refund.",
                    left=currency.format(self.amount_refundable),
                )
            )
        return parts

    def _check_refundable(self):
        """Refuse a refund while another is under way, or where nothing is left.

        :raises UserError: saying so.
        """
        self.ensure_one()
        pending = self.transaction_ids.filtered(
            lambda tx: tx.operation == "refund" and tx.state in ("draft", "pending")
        )
        if pending:
            raise UserError(
                self.env._(
                    "A refund of %(amount)s is under way for %(reference)s. Wait for"
                    " the provider's answer before you refund more.",
                    amount=self.currency_id.format(-sum(pending.mapped("amount"))),
                    reference=self.reference,
                )
            )
        if self.currency_id.is_zero(self.amount_refundable):
            raise UserError(
                self.env._(
                    "There is nothing to refund on %(reference)s.",
                    reference=self.reference,
                )
            )

    def _check_accountant(self):
        """Refuse whoever does not keep the books.

        :raises AccessError: for other users.
        """
        group = "payment_link_onetime.group_payment_link_accountant"
        if not (self.env.su or self.env.user.has_group(group)):
            raise AccessError(
                self.env._(
                    "Only accountants may charge, capture, void and refund payments, and"
                    " see saved payment methods."
                )
            )

    # === GETTERS === #

    def _get_held_charges(self):
        """Return the charges whose money is held and not captured.

        :rtype: payment.transaction
        :raises AccessError: for users who do not keep the books.
        :raises UserError: if there are none.
        """
        self.ensure_one()
        self._check_accountant()
        charges = self.transaction_ids.filtered(
            lambda tx: tx.state == "authorized" and not tx.source_transaction_id
        )
        if not charges:
            raise UserError(
                self.env._(
                    "No money is held for %(reference)s.", reference=self.reference
                )
            )
        return charges

    def _get_refundable_charges(self):
        """Return the charges that brought money which is not refunded yet.

        :rtype: payment.transaction
        """
        return self.transaction_ids.filtered(lambda tx: tx._get_amount_left("refund"))
