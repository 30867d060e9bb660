from odoo import api, models
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

    def _api_charge(self, token_id):
        """Charge a saved payment method of the link's own customer.

        :param int token_id: The `payment.token`.
        :return: The charge, which a job sends.
        :rtype: payment.transaction
        :raises ApiError: if the link takes no payment now, or if the payment method is
            not this customer's, or cannot be used for it.
        """
        self.ensure_one()
        self._check_accountant()
        link_sudo = self.sudo()  # Who may ask for it need not see providers and tokens.
        payer_key = self._api_get_payer_key(token_id)
        try:
            amount = link_sudo._claim(payer_key)
        except UserError as error:
            code = self._api_get_refusal_code(payer_key)
            raise ApiError(409, code, error.args[0]) from error
        token_sudo = link_sudo._get_chargeable_methods(amount).filtered(
            lambda token: token.id == token_id
        )
        try:
            link_sudo._check_decided(token_id)
            if not token_sudo:
                raise UserError(
                    self.env._(
                        "The customer has no saved payment method %(id)s that can be"
                        " used for this payment.",
                        id=token_id,
                    )
                )
        except UserError as error:
            raise ApiError(
                422,
                "payment_method_not_available",
                error.args[0],
                errors=[{"field": "payment_method_id", "message": error.args[0]}],
            ) from error
        charge_sudo = self.env["payment.transaction"].sudo()
        charge_sudo = charge_sudo.create(
            {
                "provider_id": token_sudo.provider_id.id,
                "payment_method_id": token_sudo.payment_method_id.id,
                "token_id": token_id,
                # It cannot collide: the count moves under the link's lock.
                "reference": f"{self.code}-{self.charge_count}",
                "amount": amount,
                "currency_id": self.currency_id.id,
                "partner_id": self.partner_id.id,
                "operation": "offline",
                **link_sudo._get_charge_values(payer_key),
                **link_sudo._prepare_asked_charge(is_asked_now=False),
            }
        )
        charge_sudo._log_sent_message()
        charge_sudo._trigger_payment_link_cron(
            "payment_link_onetime.cron_send_requests"
        )
        return charge_sudo

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

    def _get_chargeable_methods(self, amount):
        """Return with which saved payment methods the link's customer can pay it.

        :param float amount: What they shall pay, in the link's currency.
        :return: The tokens, as :meth:`_get_customer_payment_methods`.
        :rtype: payment.token
        """
        self.ensure_one()
        if not self._has_customer():
            return self.env["payment.token"].sudo()
        self.env["payment.provider"]._fetch_settings(self.company_id)
        providers_sudo, _methods_sudo = self._get_payment_options(amount)
        return self._get_customer_payment_methods(providers_sudo)

    def _api_get_payment_methods(self):
        """Return the saved payment methods with which the link can be charged now.

        It only looks: :meth:`_api_charge` decides, under the link's lock.

        :return: The tokens. None if the link takes no payment now.
        :rtype: payment.token
        :raises AccessError: for users who do not keep the books.
        """
        self.ensure_one()
        self._check_accountant()
        link_sudo = self.sudo()  # Who may ask for it need not see providers and tokens.
        return link_sudo._get_chargeable_methods(
            link_sudo._get_amount_to_pay()
        ).filtered(
            lambda token: link_sudo._is_chargeable_with(token.id),
        )

    def _is_chargeable_with(self, token_id):
        """Return whether the link takes a payment with a saved payment method now.

        :param int token_id: The `payment.token`.
        :rtype: bool
        """
        self.ensure_one()
        try:
            self._check_payable(self._api_get_payer_key(token_id))
            self._check_decided(token_id)
        except UserError:
            return False
        return True

    @api.model
    def _api_get_payer_key(self, token_id):
        """Return who pays where a saved payment method is charged: nobody's browser.

        :param int token_id: The `payment.token`.
        :rtype: str
        """
        return f"saved payment method {token_id}"

    def _api_show_payment_methods(self):
        """Return with what the link can be charged now, as the API shows it.

        :return: As `schemas.money.PaymentMethodAnswer`, the newest first.
        :rtype: list[dict]
        """
        return [
            {
                "id": token_sudo.id,
                "provider": token_sudo.provider_id.code,
                "payment_method": token_sudo.payment_method_id.code,
                "display_name": token_sudo.display_name,
                "created_at": self._api_format_time(token_sudo.create_date),
            }
            for token_sudo in self._api_get_payment_methods().sorted("id", reverse=True)
        ]

    def _api_get_refusal_code(self, payer_key):
        """Return in a word why the link takes no payment.

        :param str payer_key: Who would pay.
        :rtype: str
        """
        page_state = self.sudo()._get_page_state(payer_key)
        return {
            "completed": "already_paid",
            "open": "conflict",
            "busy": "payment_under_way",
            "processing": "payment_under_way",
        }.get(page_state, page_state)

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
