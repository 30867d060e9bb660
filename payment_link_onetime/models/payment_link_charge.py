import hashlib
from datetime import timedelta

from psycopg2.errors import LockNotAvailable

from odoo import api, fields, models
from odoo.exceptions import LockError, UserError
from odoo.tools import SQL

from ..const import (
    DOUBLE_CLICK_SECONDS,
    LOCK_TIMEOUT,
    MONEY_STATES,
    RECORDED_FIELDS,
    UNDECIDED,
)
from ..tools import is_finite_number
from .payment_link_prefetch import LINK_FIELDS


class PaymentLink(models.Model):
    """Who may pay a link now, how much, and how."""

    _inherit = "payment.link"

    claimed_by = fields.Char(readonly=True, copy=False, groups="base.group_system")
    claimed_until = fields.Datetime(
        readonly=True, copy=False, groups="base.group_system"
    )
    charge_count = fields.Integer(readonly=True, copy=False)

    # === BUSINESS METHODS === #

    def _is_claimed_by_other(self, payer_key):
        """Return whether other browsers than this one started to pay just now, so that
        nothing is left for it.

        :param str payer_key: What identifies the visitor's browser.
        :rtype: bool
        """
        self.ensure_one()
        if self.max_payments != 1:
            return self._is_reserved_by_others(payer_key)
        link_sudo = self.sudo()  # The claim is nobody's business, but it must hold.
        return (
            bool(link_sudo.claimed_until)
            and link_sudo.claimed_until > fields.Datetime.now()
            and link_sudo.claimed_by != self._hash_payer_key(payer_key)
        )

    def _is_reserved_by_others(self, payer_key):
        """Return whether all uses of the link are taken, or are just being paid.

        :param str payer_key: What identifies the visitor's browser.
        :rtype: bool
        """
        self.ensure_one()
        if not self.max_payments:
            return False  # However many pay, nobody is in anybody's way.
        used = (
            self.env["payment.transaction"]
            .sudo()  # Anybody may pay.
            .search_count([*self._get_charge_domain(), ("state", "in", MONEY_STATES)])
        )
        return used + self._count_other_payers(payer_key) >= self.max_payments

    def _is_being_paid(self):
        """Return whether anybody started to pay just now, and may be at the provider.

        :rtype: bool
        """
        self.ensure_one()
        if self.max_payments != 1:
            return self._count_other_payers(None) > 0
        return self._is_claimed_by_other(None)

    def _count_other_payers(self, payer_key):
        """Return how many other browsers than this one started to pay just now.

        :param str payer_key: What identifies the visitor's browser.
        :rtype: int
        """
        self.ensure_one()
        minutes = timedelta(minutes=self.company_id.payment_link_claim_minutes)
        [(payers,)] = (
            self.env["payment.transaction"]
            .sudo()  # Anybody may pay.
            ._read_group(
                [
                    *self._get_charge_domain(),
                    ("state", "=", "draft"),
                    ("create_date", ">", fields.Datetime.now() - minutes),
                    ("payment_link_payer", "!=", self._hash_payer_key(payer_key)),
                ],
                aggregates=["payment_link_payer:count_distinct"],
            )
        )
        return payers

    def _get_charge_domain(self):
        """Return which transactions are charges of the link, and no parts of charges.

        :rtype: list
        """
        return [
            ("payment_link_id", "=", self.id),
            ("source_transaction_id", "=", False),
        ]

    def _get_amount_to_pay(self):
        """Return what a payer is asked now.

        :return: The amount in the link's currency: what the link still asks for, and
            not more than its document still owes.
        :rtype: float
        """
        self.ensure_one()
        document = self._get_document()
        if not document:
            return self.amount_due
        return max(min(self.amount_due, document._payment_link_get_due_amount()), 0.0)

    def _claim(self, payer_key, displayed_amount=None):
        """Decide, under the link's row lock, that this payer pays now.

        :param str payer_key: What identifies the payer's browser.
        :param float displayed_amount: What the page showed, in the link's currency, or
            what the payer chose where the link can be paid in parts.
        :return: The amount to charge, in the link's currency.
        :rtype: float
        :raises UserError: if the link takes no payment from this payer now.
        """
        self.ensure_one()
        self._lock()
        self._check_payable(payer_key)
        amount = self._get_amount_to_pay()
        if self.allow_partial:
            amount = self._get_chosen_amount(displayed_amount, amount)
        elif displayed_amount is not None and not (
            is_finite_number(displayed_amount)
            and self.currency_id.compare_amounts(displayed_amount, amount) == 0
        ):
            raise UserError(
                self.env._(
                    "The amount to pay is %(amount)s now. Please reload the page.",
                    amount=self.currency_id.format(amount),
                )
            )
        minutes = self.company_id.payment_link_claim_minutes
        values = {"charge_count": self.charge_count + 1}
        if self.max_payments == 1:
            values.update(
                claimed_by=self._hash_payer_key(payer_key),
                claimed_until=fields.Datetime.now() + timedelta(minutes=minutes),
            )
        self._store(values)
        self._record_event(
            "attempted",
            channel=self._get_visit_channel(payer_key),
            visitor=self._hash_payer_key(payer_key),
        )
        return amount

    def _prepare_asked_charge(self, is_asked_now=True):
        """Prepare for a charge that the server asks the provider for.

        Whether it charges is not for the payer to see: nobody can pay, this browser
        included, until the provider has answered. A link that can be paid more often
        goes on, see :meth:`_check_decided`.

        :param bool is_asked_now: Whether the request does it itself, and no job.
        :return: The values by which the charge is known as asked for.
        :rtype: dict
        """
        self.ensure_one()
        if self.max_payments == 1:
            self._store({"claimed_by": "the provider", "claimed_until": UNDECIDED})
        return {
            "payment_link_request": "charge",
            "payment_link_requested_at": is_asked_now and fields.Datetime.now(),
        }

    def _check_decided(self, token_id):
        """Refuse a saved payment method of whose last charge nobody knows the end.

        :param int token_id: The chosen `payment.token`.
        :raises UserError: if the provider was asked and has not answered.
        """
        self.ensure_one()
        undecided = self.env["payment.transaction"].search_count(
            [
                ("payment_link_id", "=", self.id),
                ("token_id", "=", token_id),
                ("payment_link_request", "=", "charge"),
                ("state", "=", "draft"),
            ],
            limit=1,
        )
        if undecided:
            raise UserError(self._get_refusal("processing"))

    def _lock(self):
        """Lock the link's row, write it, and read what is true then.

        Who else has it is about to finish: it is worth a short wait. As the row is
        written, PostgreSQL refuses it to whoever read it before, and Odoo starts that
        request over.

        :raises LockError: if somebody else has it for too long.
        """
        try:
            self.env.cr.execute(
                SQL(
                    # Events and transactions refer to the link: they need not wait.
                    "SET LOCAL lock_timeout = %s;"
                    " UPDATE %s SET write_uid = write_uid WHERE id = %s",
                    LOCK_TIMEOUT,
                    SQL.identifier(self._table),
                    self.id,
                ),
                log_exceptions=False,
            )
        except LockNotAvailable:
            raise LockError(self._get_refusal("busy")) from None
        # What was asked is fixed. What happened may have happened just now.
        self.invalidate_recordset(RECORDED_FIELDS)
        self.fetch(LINK_FIELDS)

    def _check_payable(self, payer_key):
        """Refuse what the page would not offer.

        :param str payer_key: What identifies the payer's browser.
        :raises UserError: if the link takes no payment from this payer now.
        """
        self.ensure_one()
        page_state = self._get_page_state(payer_key)
        if page_state != "open":
            raise UserError(self._get_refusal(page_state))

    def _get_double_click(
        self,
        payer_key,
        provider_id,
        payment_method_id,
        flow,
        token_id=None,
        amount=None,
    ):
        """Return the charge that a browser created a moment ago with the same choice.

        A double click, or a request that the network repeats, gets that one's answer.

        :param str payer_key: What identifies the payer's browser.
        :param int provider_id: The chosen `payment.provider`.
        :param int payment_method_id: The chosen `payment.method`.
        :param str flow: The chosen flow, `direct`, `redirect` or `token`.
        :param int token_id: The chosen `payment.token` of the flow `token`.
        :param float amount: The chosen amount of a link that can be paid in parts.
        :return: The draft charge, or an empty recordset.
        :rtype: payment.transaction
        """
        self.ensure_one()
        since = fields.Datetime.now() - timedelta(seconds=DOUBLE_CLICK_SECONDS)
        last_charge_sudo = (
            self.env["payment.transaction"]
            .sudo()  # Payers have no account.
            .search(
                [
                    ("payment_link_id", "=", self.id),
                    ("payment_link_payer", "=", self._hash_payer_key(payer_key)),
                ],
                order="id desc",
                limit=1,
            )
        )
        return last_charge_sudo.filtered(
            lambda tx: (
                tx.state == "draft"
                and tx.create_date >= since
                and (not self.allow_partial or tx.amount == amount)
                and tx.provider_id.id == provider_id
                and (
                    tx.token_id.id == token_id
                    if flow == "token"
                    else tx.payment_method_id.id == payment_method_id
                )
                and tx.operation == f"online_{flow}"
            )
        )

    def _get_payment_options(self, amount):
        """Return how an amount of the link can be paid now.

        :param float amount: The amount in the link's currency.
        :return: The providers and the payment methods, in sudo for their settings.
        :rtype: tuple[payment.provider, payment.method]
        """
        self.ensure_one()
        document = self._get_document()
        kwargs = document._payment_link_get_providers_kwargs() if document else {}
        partner = self._get_charge_partner()
        providers_sudo = (
            self.env["payment.provider"]
            .sudo()
            ._get_compatible_providers(
                self.company_id.id,
                partner.id,
                amount,
                currency_id=self.currency_id.id,
                **kwargs,
            )
        )
        if self.provider_ids:
            providers_sudo &= self.provider_ids
        methods_sudo = (
            self.env["payment.method"]
            .sudo()
            ._get_compatible_payment_methods(
                providers_sudo.ids,
                partner.id,
                currency_id=self.currency_id.id,
                **kwargs,
            )
        )
        if self.payment_method_ids:
            methods_sudo &= self.payment_method_ids
        return providers_sudo, methods_sudo

    def _get_charge_values(self, payer_key=None):
        """Return what a charge takes over from its link and document.

        :param str payer_key: What identifies the payer's browser.
        :return: The values for `payment.transaction`.
        :rtype: dict
        """
        self.ensure_one()
        values = {
            "payment_link_id": self.id,
            "payment_link_payer": self._hash_payer_key(payer_key),
            "payment_link_channel": self._get_visit_channel(payer_key),
            "payment_link_descriptor": self.descriptor,
        }
        if document := self._get_document():
            values.update(document._payment_link_get_transaction_values())
        return values

    def _get_charge_partner(self):
        """Return on whom the link's payments are booked.

        :rtype: res.partner
        """
        self.ensure_one()
        return self.partner_id or self.company_id._get_payment_link_guest_partner()

    @api.model
    def _hash_payer_key(self, payer_key):
        """Return how a browser's key is stored, so that reading it claims nothing.

        :param str payer_key: What identifies the browser; empty for a new visitor.
        :rtype: str|bool
        """
        return payer_key and hashlib.sha256(payer_key.encode()).hexdigest()
