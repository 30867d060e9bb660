import logging
import math
from datetime import timedelta

import requests

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from ..const import LOST_REQUEST_HOURS
from ..tools import is_finite_number

_logger = logging.getLogger(__name__)


class PaymentTransaction(models.Model):
    """What a provider is asked to do with a charge of a link: at most once.

    Odoo calls the provider in the database transaction that writes down what it asks.
    Such a transaction may be run again, and the provider would refund twice. Here, the
    request is a row, and a job sends it after it wrote down that it does.
    """

    _inherit = "payment.transaction"

    payment_link_request = fields.Selection(
        [
            ("charge", "Payment"),
            ("capture", "Capture"),
            ("void", "Void"),
            ("refund", "Refund"),
        ],
        string="Request",
        readonly=True,
        copy=False,
    )
    payment_link_requested_at = fields.Datetime(
        string="Requested on", readonly=True, copy=False
    )
    payment_link_refund_reason = fields.Char(
        string="Refund Reason", readonly=True, copy=False
    )
    payment_link_watched_at = fields.Datetime(
        readonly=True,
        copy=False,
        help="When somebody was told about a lost request or a lapsing authorization.",
    )
    is_payment_link_request_lost = fields.Boolean(
        compute="_compute_is_payment_link_request_lost",
        help="The provider was asked, and has not answered for too long.",
    )

    # === COMPUTE METHODS === #

    @api.depends("payment_link_requested_at", "state")
    def _compute_is_payment_link_request_lost(self):
        limit = fields.Datetime.now() - timedelta(hours=LOST_REQUEST_HOURS)
        for tx in self:
            tx.is_payment_link_request_lost = (
                tx.state == "draft"
                and bool(tx.payment_link_requested_at)
                and tx.payment_link_requested_at < limit
            )

    # === ACTION METHODS === #

    def action_payment_link_request_failed(self):
        """Write down that the provider never did what it was asked.

        For a person who looked it up at the provider. The request is not sent again.

        :raises UserError: for a request that is not lost.
        """
        self.check_access("write")
        for tx in self:
            if not tx.is_payment_link_request_lost:
                raise UserError(
                    self.env._(
                        "The request %(reference)s is not lost: wait for the provider's"
                        " answer.",
                        reference=tx.reference,
                    )
                )
            tx._set_error(self.env._("The provider did not do it."))

    # === BUSINESS METHODS === #

    def _charge_with_token(self):
        """Override of `payment`: a provider that does not answer may have charged.

        The charge of a link stays a draft, and its page waits, until the provider says
        what became of it, or a person who looked it up.
        """
        if not self.payment_link_id:
            return super()._charge_with_token()
        self.ensure_one()
        self._ensure_provider_is_not_disabled()
        self._log_sent_message()
        try:
            self._send_payment_request()
        except ValidationError as error:
            self._on_failed_request(error)

    def _on_failed_request(self, error):
        """Write down that a provider did not do what it was asked, if it said so.

        :param ValidationError error: What Odoo makes of it.
        """
        # Odoo says so of timeouts, too: nobody knows what the provider did.
        if isinstance(error.__context__, requests.exceptions.RequestException):
            _logger.info("No answer about %s: %s", self.reference, error)
        else:
            self._set_error(str(error))

    def _capture(self, amount_to_capture=None):
        """Override of `payment` to leave captures of links' charges to the job."""
        if not self.payment_link_id:
            return super()._capture(amount_to_capture=amount_to_capture)
        return self._request_of_provider("capture", amount_to_capture)

    def _void(self, amount_to_void=None):
        """Override of `payment` to leave voids of links' charges to the job."""
        if not self.payment_link_id:
            return super()._void(amount_to_void=amount_to_void)
        return self._request_of_provider("void", amount_to_void)

    def _refund(self, amount_to_refund=None):
        """Override of `payment` to leave refunds of links' charges to the job."""
        if not self.payment_link_id:
            return super()._refund(amount_to_refund=amount_to_refund)
        return self._request_of_provider("refund", amount_to_refund)

    def _request_of_provider(self, request, amount=None):
        """Write down, under the link's lock, what a provider shall be asked.

        :param str request: `capture`, `void` or `refund`.
        :param float amount: The amount in the charge's currency; all that is left if
            nothing is said.
        :return: The child transaction that stands for the request, a draft.
        :rtype: payment.transaction
        :raises UserError: if the charge does not allow it, saying what is left.
        """
        self.ensure_one()
        self._ensure_provider_is_not_disabled()
        # In sudo mode because accountants may not write links. Locking writes the row:
        # of two who want the same money, one starts over and sees what is left.
        self.payment_link_id.sudo()._lock()
        left = self._get_amount_left(request)
        amount = left if amount is None else amount
        self._check_requested_amount(request, amount, left)
        child = self._create_child_transaction(
            amount, is_refund=request == "refund", payment_link_request=request
        )
        child._log_sent_message()
        self._trigger_payment_link_cron("payment_link_onetime.cron_send_requests")
        return child

    def _check_requested_amount(self, request, amount, left):
        """Refuse what the charge or its provider does not allow.

        :param str request: `capture`, `void` or `refund`.
        :param float amount: The amount in the charge's currency.
        :param float left: What is left of the charge for such a request.
        :raises UserError: saying why, and what is possible.
        """
        currency = self.currency_id
        if not is_finite_number(amount):
            raise UserError(self.env._("The amount must be a number."))
        if (
            currency.compare_amounts(amount, 0.0) <= 0
            or currency.compare_amounts(amount, left) > 0
            or not math.isclose(currency.round(amount), amount, abs_tol=1e-9)
        ):
            raise UserError(
                self.env._(
                    "%(amount)s is not possible: %(left)s of the transaction"
                    " %(reference)s is left, and requests under way are counted.",
                    amount=currency.format(amount),
                    left=currency.format(left),
                    reference=self.reference,
                )
            )
        if not self._can_request_amount(request, amount):
            raise UserError(
                self.env._(
                    "%(provider)s does this for the whole amount of %(reference)s only,"
                    " or not at all.",
                    provider=self.provider_id.sudo().name,
                    reference=self.reference,
                )
            )

    @api.model
    def _cron_send_requests(self):
        """Ask the providers what waits to be asked.

        :return: None
        """
        waiting = self.search(
            [
                ("payment_link_request", "!=", False),
                ("payment_link_requested_at", "=", False),
                ("state", "=", "draft"),
                # Odoo books no charge that has a settled refund: first things first.
                "|",
                ("operation", "!=", "refund"),
                ("source_transaction_id.payment_id", "!=", False),
            ],
            order="id",
        )
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=len(waiting))
        for tx in waiting:
            tx._send_request()
            if not cron._commit_progress(1):
                break

    def _send_request(self):
        """Ask the provider, once. What it was asked is written down before.

        :return: None
        """
        self.ensure_one()
        if not self.try_lock_for_update(allow_referencing=True):
            return
        self.payment_link_requested_at = fields.Datetime.now()
        self.env.cr.commit()  # pylint: disable=invalid-commit
        try:
            if self.payment_link_request == "charge":
                self._send_payment_request()
            elif self.payment_link_request == "capture":
                self._send_capture_request()
            elif self.payment_link_request == "void":
                self._send_void_request()
            else:
                self._send_refund_request()
        except ValidationError as error:
            self.env.cr.rollback()
            self._on_failed_request(error)
        except Exception:
            self.env.cr.rollback()
            _logger.exception("The request %s failed", self.reference)

    @api.model
    def _cron_watch_charges(self):
        """Tell somebody about requests without an answer, and holds about to lapse.

        :return: None
        """
        now = fields.Datetime.now()
        watched = Domain("payment_link_id", "!=", False) & Domain(
            "payment_link_watched_at", "=", False
        )
        sent_before = now - timedelta(hours=LOST_REQUEST_HOURS)
        lost = self.search(
            watched
            & Domain("state", "=", "draft")
            & Domain("payment_link_requested_at", "<", sent_before)
        )
        for tx in lost:
            tx.payment_link_id._on_lost_request(tx)
        companies = self.env["res.company"].search([("payment_link_hold_days", ">", 0)])
        lapsing = Domain.OR(
            Domain("company_id", "=", company.id)
            & Domain(
                "last_state_change",
                "<",
                now - timedelta(days=company.payment_link_hold_days),
            )
            for company in companies
        )
        holds = self.search(
            watched
            & Domain("source_transaction_id", "=", False)
            & Domain("state", "=", "authorized")
            & lapsing
        )
        for tx in holds:
            tx.payment_link_id._on_lapsing_hold(tx)
        (lost | holds).payment_link_watched_at = now

    # === GETTERS === #

    def _get_amount_left(self, request):
        """Return what is left of the charge to capture, void or refund.

        Requests under way count as done: they may be.

        :param str request: `capture`, `void` or `refund`.
        :return: The amount in the charge's currency.
        :rtype: float
        """
        self.ensure_one()
        children = self.child_transaction_ids.filtered(lambda tx: tx.state != "error")
        refunds = children.filtered(lambda tx: tx.operation == "refund")
        if request == "refund":
            # What was captured in parts is refunded part by part.
            is_settled = self.state == "done" and children == refunds
            gone = sum(
                refunds.filtered(lambda tx: tx.state != "cancel").mapped("amount")
            )
            left = self.amount + gone if is_settled else 0.0
        else:
            is_held = self.state == "authorized"
            gone = sum((children - refunds).mapped("amount"))
            left = self.amount - gone if is_held else 0.0
        return max(self.currency_id.round(left), 0.0)

    def _is_refused_request(self):
        """Return whether a provider says that it did not do what it was asked.

        Where it said nothing, a person was told so, and says it on the transaction.

        :rtype: bool
        """
        self.ensure_one()
        return (
            self.payment_link_request in ("capture", "void", "refund")
            and self.state == "error"
            and not self.payment_link_watched_at
        )

    def _get_request_label(self):
        """Return what the provider was asked for, as a user reads it.

        :rtype: str
        """
        self.ensure_one()
        field = self._fields["payment_link_request"]
        return dict(field._description_selection(self.env))[self.payment_link_request]

    def _can_request_amount(self, request, amount):
        """Return whether provider and payment method can do this with that amount.

        :param str request: `capture`, `void` or `refund`.
        :param float amount: The amount in the charge's currency.
        :rtype: bool
        """
        self.ensure_one()
        name = "support_refund" if request == "refund" else "support_manual_capture"
        is_all = self.currency_id.compare_amounts(amount, self.amount) == 0
        return all(
            side[name] == "partial" or (side[name] == "full_only" and is_all)
            for side in (self.provider_id.sudo(), self.primary_payment_method_id.sudo())
        )
