import logging

import psycopg2

from odoo import api, fields, models
from odoo.tools import SQL, float_round, str2bool

from ..const import MONEY_STATES, POST_PROCESS_ATTEMPTS

_logger = logging.getLogger(__name__)


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    payment_link_id = fields.Many2one(
        "payment.link",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    payment_link_payer = fields.Char(
        readonly=True,
        copy=False,
        groups="base.group_system",
        help="What identifies the browser that started to pay, hashed.",
    )
    payment_link_channel = fields.Selection(
        selection=lambda self: (
            self.env["payment.link.event"]._fields["channel"].selection
        ),
        string="Channel",
        readonly=True,
        help="By which way the payer came to the payment link.",
    )
    payer_name = fields.Char(
        readonly=True,
        help="Who paid, where it is known. The payment is booked on the customer.",
    )
    payer_email = fields.Char(string="Payer's E-mail", readonly=True)

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Override of `payment`: captures, voids and refunds belong to the link of the
        charge that they are about."""
        for vals in vals_list:
            if source_id := vals.get("source_transaction_id"):
                source = self.browse(source_id)
                vals.setdefault("payment_link_id", source.payment_link_id.id)
                vals.setdefault("payment_link_channel", source.payment_link_channel)
        return super().create(vals_list)

    # === BUSINESS METHODS - PROCESSING === #

    def _process(self, provider_code, payment_data):
        """Override of `payment` to refuse a wrong amount each time that it is said.

        Odoo stops at a wrong amount only if that is what puts the charge into error:
        said once more, it would settle the charge, in full.
        """
        tx = self or self._search_by_reference(provider_code, payment_data)
        if not tx or (
            tx.payment_link_id
            and tx.state == "error"
            and not tx._is_amount_confirmed(payment_data)
        ):
            return tx
        return super(PaymentTransaction, tx)._process(provider_code, payment_data)

    def _is_amount_confirmed(self, payment_data):
        """Return whether a provider speaks of the amount that the charge is over.

        The rules are those of `_validate_amount`, which tells by a change of state.

        :param dict payment_data: The payment data sent by the provider.
        :rtype: bool
        """
        self.ensure_one()
        amount_data = self._extract_amount_data(payment_data)
        if amount_data is None:
            return True  # The provider does not say, and Odoo trusts it.
        charged = abs(self.amount)
        if (digits := amount_data.get("precision_digits")) is not None:
            charged = float_round(
                charged, precision_digits=digits, rounding_method="DOWN"
            )
        amount = amount_data.get("amount") or 0.0
        return (
            self.currency_id.compare_amounts(amount, charged) == 0
            and amount_data.get("currency_code") == self.currency_id.name
        )

    def _update_state(self, allowed_states, target_state, state_message):
        """Override of `payment` to tell the links, here and nowhere else.

        It also takes money that comes after a cancellation. Callbacks overtake each
        other, and a payer who cancelled may go on in another tab of the provider's:
        Odoo would write a warning and forget the money.
        """
        revived = self.filtered(lambda tx: tx._can_be_revived(target_state))
        transactions = self.browse()
        if revived:
            transactions |= super(PaymentTransaction, revived)._update_state(
                (*allowed_states, "cancel"), target_state, state_message
            )
        if revived != self:
            transactions |= super(PaymentTransaction, self - revived)._update_state(
                allowed_states, target_state, state_message
            )
        # In sudo mode because providers' answers are nobody's requests.
        links_sudo = transactions.sudo().payment_link_id
        if links_sudo:
            links_sudo._on_transactions_updated(transactions.sudo())
            # Booking takes numbers and makes documents: a job does it, no payer waits.
            self._trigger_payment_link_cron("payment_link_onetime.cron_book")
        return transactions

    def _can_be_revived(self, target_state):
        """Return whether a cancelled charge may still bring money.

        A hold does so only once: said again after it was voided, it is an old answer.

        :param str target_state: The state that the provider tells.
        :rtype: bool
        """
        self.ensure_one()
        if (
            self.state != "cancel"
            or not self.payment_link_id
            or self.source_transaction_id
        ):
            return False
        events_sudo = self.payment_link_id.sudo().event_ids
        return target_state == "done" or (
            target_state == "authorized"
            and not events_sudo.filtered(
                lambda event: (
                    event.transaction_id == self and event.type == target_state
                )
            )
        )

    # === BUSINESS METHODS - POST-PROCESSING === #

    def _post_process(self):  # pylint: disable=missing-return
        """Override of `payment` to keep mails and PDFs out of what books a payment.

        A mail server that is down, or a PDF that cannot be made, would undo it.
        """
        linked = self.filtered("payment_link_id")
        if others := self - linked:
            super(PaymentTransaction, others)._post_process()
        if linked:
            super(
                PaymentTransaction,
                linked.with_context(
                    payment_link_defer_mails=True, skip_sale_auto_invoice_send=True
                ),
            )._post_process()
            linked._send_payment_link_invoices_later()
            if linked.child_transaction_ids.filtered("payment_link_request"):
                # A refund waits until what it refunds is booked.
                self._trigger_payment_link_cron(
                    "payment_link_onetime.cron_send_requests"
                )

    @api.model
    def _cron_book_payment_links(self):
        """Confirm the orders and book the payments of links.

        Odoo's own job takes drafts as well, and would collide with payers who are
        just paying them. What cannot be booked stays, and is tried again every hour.

        Mails about payments go out afterwards: they take longer to make than a payment
        takes to book, and in a rush the payers come first.

        :return: None
        """
        transactions = self.search(
            [
                ("payment_link_id", "!=", False),
                ("is_post_processed", "=", False),
                ("state", "!=", "draft"),
            ],
            order="id",
        )
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=len(transactions))
        for tx in transactions:
            tx._book_payment_link()
            if not cron._commit_progress(1):
                break
        self.env["payment.link.message"]._wake_job_if_due()

    def _book_payment_link(self):
        """Post-process a charge, and again while somebody else writes the same rows.

        A provider's second callback writes the charge's row. It must not do so while
        the job is at work, or a provider that repeats itself keeps it from booking:
        the job locks the row first, and the callback is what has to start over.

        :return: None
        """
        self.ensure_one()
        for _attempt in range(POST_PROCESS_ATTEMPTS):
            try:
                # Unlike `lock_for_update`, it waits. Payments may refer to the row.
                self.env.cr.execute(
                    SQL(
                        "SELECT id FROM %s WHERE id = %s FOR NO KEY UPDATE",
                        SQL.identifier(self._table),
                        self.id,
                    ),
                    log_exceptions=False,
                )
                if self.is_post_processed:  # by Odoo's own job, meanwhile
                    return
                self._post_process()
                self.env.cr.commit()  # pylint: disable=invalid-commit
                return
            except psycopg2.OperationalError:
                self.env.cr.rollback()
            except Exception:
                self.env.cr.rollback()
                _logger.exception("Transaction %s cannot be booked", self.reference)
                return

    def _send_payment_link_invoices_later(self):
        """Wake the job that sends automatic invoices, where Odoo is set to make them.

        :return: None
        """
        parameters_sudo = self.env["ir.config_parameter"].sudo()
        if str2bool(parameters_sudo.get_param("sale.automatic_invoice")) and any(
            tx.state == "done" and tx.sale_order_ids for tx in self
        ):
            self._trigger_payment_link_cron("sale.send_invoice_cron")

    @api.model
    def _trigger_payment_link_cron(self, xmlid, at=None):
        """Wake a job. One that somebody deleted must not lose a payment.

        :param str xmlid: The XML id of the `ir.cron`.
        :param datetime at: When (UTC). Left out: now.
        """
        if cron := self.env.ref(xmlid, raise_if_not_found=False):
            cron.sudo()._trigger(at)  # Whoever pays may wake a job.

    def _create_payment(self, **extra_create_values):
        """Override of `account_payment` to put the link's reference into the memo."""
        if self.payment_link_id:
            references = (
                self.payment_link_id.reference,
                self.reference,
                self.provider_reference,
            )
            extra_create_values.setdefault("memo", " - ".join(filter(None, references)))
        return super()._create_payment(**extra_create_values)

    # === GETTERS === #

    def _get_payer_text(self):
        """Return who paid, as far as it is known, in one text.

        :rtype: str
        """
        self.ensure_one()
        if self.payer_name and self.payer_email:
            return f"{self.payer_name} ({self.payer_email})"
        return self.payer_name or self.payer_email or ""

    def _get_payment_link_event_type(self):
        """Return the type of the event that tells the transaction's state.

        :return: A type of `payment.link.event`, or `None` for a charge that was
            captured or voided in parts: these have told it.
        :rtype: str|None
        """
        self.ensure_one()
        if self.child_transaction_ids.filtered(
            lambda child: child.operation == self.operation
        ):
            return None
        if self.operation == "refund" and self.state == "done":
            return "refunded"
        if self.source_transaction_id and self.state == "cancel":
            return "voided"
        return {"pending": "pending", "authorized": "authorized", "done": "paid"}.get(
            self.state, "failed"
        )

    def _get_with_children(self):
        """Return the transactions, and all that became of them.

        A refund of a partial capture is a child's child.

        :rtype: payment.transaction
        """
        children = self.child_transaction_ids
        return self | children | children.child_transaction_ids

    def _get_payment_link_amounts(self):
        """Add up the transactions by sign and state. Children must be among them.

        The part of an authorised charge that was captured or voided is told by its
        children, and left out of the charge itself.

        :return: The sums `authorized`, `pending`, `paid`, `refunded`, in the currency
            of the transactions, and `uses`: how many charges brought or bring money.
        :rtype: dict
        """
        amounts = dict.fromkeys(("authorized", "pending", "paid", "refunded"), 0.0)
        uses = 0
        parts = self.filtered(
            lambda tx: tx.source_transaction_id and tx.operation != "refund"
        )
        for tx in self:
            if tx.operation == "refund":
                if tx.state == "done":
                    amounts["refunded"] -= tx.amount
                continue
            if tx in parts:
                if tx.state == "done":
                    amounts["paid"] += tx.amount
                continue
            told = parts.filtered(
                lambda part, tx=tx: (
                    part.source_transaction_id == tx
                    and part.state in ("done", "cancel")
                )
            )
            if tx.state == "authorized":
                amounts["authorized"] += tx.amount - sum(told.mapped("amount"))
            elif tx.state == "pending":
                amounts["pending"] += tx.amount
            elif tx.state == "done" and not told:
                amounts["paid"] += tx.amount
            uses += tx.state in MONEY_STATES
        return {**amounts, "uses": uses}

    def _get_payment_link_unbooked_amount(self, only_settled=False):
        """Return how much of a charge came, or is on its way, and is not booked yet.

        :param bool only_settled: Whether only what was settled is asked for.
        :return: The amount in the charge's currency.
        :rtype: float
        """
        self.ensure_one()
        transactions = self._get_with_children()
        amounts = transactions._get_payment_link_amounts()
        booked = transactions.filtered(
            lambda tx: tx.payment_id and tx.state == "done" and tx.operation != "refund"
        )
        amount = amounts["paid"] - sum(booked.mapped("amount"))
        if not only_settled:
            amount += amounts["pending"] + amounts["authorized"]
        return amount
