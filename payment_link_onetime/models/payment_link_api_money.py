from odoo import models
from odoo.exceptions import UserError

from ..exceptions import ApiError


class PaymentLink(models.Model):
    """What other systems do with the money that a link brought."""

    _inherit = "payment.link"

    # === BUSINESS METHODS === #

    def _api_refund(self, amount, reason):
        """Ask the providers to pay back an amount of the link.

        :param Decimal amount: The amount in the link's currency, `None` for all that
            can be refunded.
        :param str reason: Why, for people.
        :return: The refunds, which a job sends.
        :rtype: payment.transaction
        :raises ApiError: if a refund is under way, or that amount cannot be refunded.
        """
        self.ensure_one()
        self._check_accountant()
        self.sudo()._lock()
        try:
            self._check_refundable()
        except UserError as error:
            raise ApiError(409, "nothing_to_refund", error.args[0]) from error
        try:
            value = self.amount_refundable if amount is None else float(amount)
            return self._refund_charges(value, reason)
        except UserError as error:
            raise ApiError(
                422,
                "amount_not_allowed",
                error.args[0],
                errors=[{"field": "amount", "message": error.args[0]}],
            ) from error

    def _api_capture(self, amount):
        """Take money that a payer authorised.

        :param Decimal amount: The amount in the link's currency, `None` for all that is
            held.
        :return: The captures, which a job sends.
        :rtype: payment.transaction
        :raises ApiError: if nothing is held any more, or less than that.
        """
        return self._api_request_of_hold("capture", amount)

    def _api_void(self, amount):
        """Give back money that a payer authorised and nobody captured.

        :param Decimal amount: The amount in the link's currency, `None` for all that is
            held.
        :return: The voids, which a job sends.
        :rtype: payment.transaction
        :raises ApiError: if nothing is held any more, or less than that.
        """
        return self._api_request_of_hold("void", amount)

    def _api_request_of_hold(self, request, amount):
        """Ask a provider to capture or void an authorisation of the link.

        Of two who ask at once for the same money, one is told that it is gone.

        :param str request: `capture` or `void`.
        :param Decimal amount: As :meth:`_api_capture`.
        :rtype: payment.transaction
        :raises ApiError: as :meth:`_api_capture`.
        """
        self.ensure_one()
        self._check_accountant()
        self.sudo()._lock()
        try:
            held = self._get_held_charges()
        except UserError as error:
            raise ApiError(409, "nothing_held", error.args[0]) from error
        compare = self.currency_id.compare_amounts
        children_sudo = self.env["payment.transaction"].sudo()
        rest = None if amount is None else float(amount)
        asked = rest
        left = sum(charge._get_amount_left(request) for charge in held)
        if compare(left, 0.0) <= 0 or (
            asked is not None
            and compare(asked, left) > 0
            and compare(asked, sum(held.mapped("amount"))) <= 0
        ):
            raise ApiError(
                409,
                "nothing_held" if compare(left, 0.0) <= 0 else "amount_conflict",
                self.env._(
                    "%(amount)s of the payment link %(reference)s are held and not"
                    " asked for yet.",
                    amount=self.currency_id.format(left),
                    reference=self.reference,
                ),
            )
        for charge in held.sorted("id"):
            part = charge._get_amount_left(request)
            if rest is not None:
                # The last one is asked for all that is left of the request: it says
                # what is wrong with it.
                part = rest if charge == held.sorted("id")[-1] else min(part, rest)
                rest = self.currency_id.round(rest - part)
            if not part and asked:
                continue
            try:
                children_sudo |= charge.sudo()._request_of_provider(request, part)
            except UserError as error:
                raise ApiError(
                    422,
                    "amount_not_allowed",
                    error.args[0],
                    errors=[{"field": "amount", "message": error.args[0]}],
                ) from error
        return children_sudo

    # === GETTERS === #

    def _api_show_transactions(self):
        """Return what happened with the link's money, as the API shows it.

        :return: As `schemas.money.TransactionAnswer`, the newest first.
        :rtype: list[dict]
        """
        self.ensure_one()
        transactions_sudo = self.sudo().transaction_ids  # Who sees the link sees them.
        return [
            self._api_show_transaction(transaction_sudo)
            for transaction_sudo in transactions_sudo.sorted("id", reverse=True)
        ]

    def _api_show_transaction(self, transaction):
        """Return one transaction of the link as the API shows it.

        :param payment.transaction transaction: The transaction, in sudo.
        :rtype: dict
        """
        return {
            "reference": transaction.reference,
            "kind": transaction._api_get_kind(),
            "state": transaction.state,
            "attempt_status": transaction._api_get_attempt_status(),
            "amount": self._api_format_amount(abs(transaction.amount)),
            "currency": transaction.currency_id.name,
            "provider": transaction.provider_id.code,
            "payment_method": transaction.payment_method_id.code or None,
            "provider_reference": transaction.provider_reference or None,
            "source": transaction.source_transaction_id.reference or None,
            "message": transaction.state_message or None,
            "created_at": self._api_format_time(transaction.create_date),
            "updated_at": self._api_format_time(transaction.last_state_change),
        }
