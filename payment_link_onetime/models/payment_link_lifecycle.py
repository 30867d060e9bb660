from odoo import api, fields, models
from odoo.exceptions import UserError


class PaymentLink(models.Model):
    """What happens to a link: what it hears of its payments, and when it closes."""

    _inherit = "payment.link"

    state = fields.Selection(
        [
            ("open", "Open"),
            ("completed", "Completed"),
            ("expired", "Expired"),
            ("cancelled", "Cancelled"),
        ],
        default="open",
        required=True,
        readonly=True,
        copy=False,
        index=True,
        help="Whether the link can take money.",
    )
    close_reason = fields.Selection(
        [
            ("manual", "Cancelled by hand"),
            ("superseded", "Superseded by another link"),
            ("document_cancelled", "Document cancelled"),
            ("settled_elsewhere", "Settled elsewhere"),
            ("reissued", "Reissued"),
        ],
        readonly=True,
        copy=False,
    )
    payment_status = fields.Selection(
        [
            ("unpaid", "Unpaid"),
            ("processing", "Processing"),
            ("partially_paid", "Partially Paid"),
            ("paid", "Paid"),
            ("partially_refunded", "Partially Refunded"),
            ("refunded", "Refunded"),
        ],
        default="unpaid",
        required=True,
        readonly=True,
        copy=False,
        index=True,
        help="What happened with the money.",
    )
    replaced_by_id = fields.Many2one(
        "payment.link", readonly=True, copy=False, index="btree_not_null"
    )
    completed_at = fields.Datetime(string="Completed on", readonly=True, copy=False)
    paid_late = fields.Boolean(
        readonly=True,
        copy=False,
        help="Money arrived after the link had expired or was cancelled.",
    )

    transaction_ids = fields.One2many(
        "payment.transaction",
        "payment_link_id",
        readonly=True,
        copy=False,
        groups="account.group_account_invoice",  # As the transactions themselves.
    )
    payment_ids = fields.Many2many(
        "account.payment",
        string="Payments",
        compute="_compute_payment_ids",
        groups="account.group_account_invoice",
    )
    payment_count = fields.Integer(
        compute="_compute_payment_ids", groups="account.group_account_invoice"
    )

    # === COMPUTE METHODS === #

    @api.depends("transaction_ids.payment_id")
    def _compute_payment_ids(self):
        for link in self:
            link.payment_ids = link.transaction_ids.payment_id
            link.payment_count = len(link.payment_ids)

    # === ACTION METHODS === #

    def action_cancel(self):
        """Close the links by hand. What is on its way is still taken and booked.

        Cancelling a cancelled or expired link changes nothing.

        :raises UserError: naming the links that are paid. Then none is cancelled.
        """
        self.check_access("write")
        self._do_each(lambda link: link._cancel())

    def action_view_payments(self):
        """Open the accounting payments of the links.

        :return: The window action.
        :rtype: dict
        """
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Payments"),
            "res_model": "account.payment",
            "view_mode": "list,form",
            "domain": [("id", "in", self.payment_ids.ids)],
        }

    # === BUSINESS METHODS === #

    def _cancel(self):
        """Close the link by hand.

        :raises UserError: as :meth:`action_cancel`.
        """
        self.ensure_one()
        if self.state == "completed":
            raise UserError(
                self.env._(
                    "The payment link %(reference)s is paid. Refund the payment"
                    " instead of cancelling the link.",
                    reference=self.reference,
                )
            )
        if self.state == "open":
            self._set_state("cancelled", close_reason="manual")

    def _on_transactions_updated(self, transactions):
        """Follow a change of state of some of the links' transactions.

        Called by `payment.transaction._update_state`, once per change.

        :param payment.transaction transactions: The transactions that changed.
        """
        self._fetch_for_provider()
        for link in self:
            link_transactions = transactions.filtered(
                lambda tx, link=link: tx.payment_link_id == link
            )
            if any(tx.operation != "refund" for tx in link_transactions):
                # Whoever had the claim has an answer from the provider.
                link._store({"claimed_by": False, "claimed_until": False})
            for transaction in link_transactions:
                link._record_transaction(transaction)
                is_paid = transaction._get_payment_link_event_type() == "paid"
                if is_paid and link._has_surplus():
                    link._on_surplus(transaction)
                elif transaction._is_refused_request():
                    link._on_refused_request(transaction)
            link._set_payment_status(link._get_expected_payment_status())
            link._complete_if_paid()

    def _record_transaction(self, transaction):
        """Write down one change of state of a transaction, and whether it came late.

        :param payment.transaction transaction: The transaction that changed.
        """
        self.ensure_one()
        event = transaction._get_payment_link_event_type()
        if not event:
            return
        self._record_event(
            event,
            transaction=transaction,
            channel=transaction.payment_link_channel,
        )
        expiry = self._get_expiry()
        # Who paid in time did so, whenever it is captured.
        charge = transaction.source_transaction_id or transaction
        if event == "paid" and (
            self.state in ("cancelled", "expired")
            or (expiry and charge.create_date > expiry)
        ):
            self._on_late_payment(transaction)

    def _get_expected_payment_status(self):
        """Return the payment status that the transactions explain.

        :rtype: str
        """
        self.ensure_one()
        compare = self.currency_id.compare_amounts
        # A surplus that went back is no refund of what was asked.
        if compare(self.amount_refunded, self.amount_surplus) > 0:
            is_all = compare(self.amount_refunded, self.amount_paid) >= 0
            return "refunded" if is_all else "partially_refunded"
        if self._is_fully_paid():
            return "paid"
        if compare(self.amount_pending + self.amount_authorized, 0.0) > 0:
            return "processing"
        if compare(self.amount_paid, 0.0) > 0:
            return "partially_paid"
        return "unpaid"

    def _complete_if_paid(self):
        """Close the link once nothing is left to ask for.

        A cancelled link stays cancelled: `payment_status` says that it was paid.
        """
        self.ensure_one()
        if (
            self.max_payments
            and self.state in ("open", "expired")
            and self._is_fully_paid()
        ):
            self._set_state("completed")

    def _set_payment_status(self, payment_status):
        """Move `payment_status`. The only method that does.

        :param str payment_status: The new status.
        """
        self.ensure_one()
        if payment_status != self.payment_status:
            self._store({"payment_status": payment_status})
            self._log_note(
                lambda env: env._(
                    "Payment status: %(status)s",
                    status=self._get_selection_label(
                        env, "payment_status", payment_status
                    ),
                )
            )

    def _set_state(self, state, close_reason=False):
        """Move `state`. The only method that does.

        :param str state: The new state, of all the links.
        :param str close_reason: Why cancelled links were cancelled.
        """
        self._store({"state": state, "close_reason": close_reason})
        if state == "completed":
            new = self.filtered(lambda link: not link.completed_at)
            new._store({"completed_at": fields.Datetime.now()})
            self._recompute_amounts()
        self._record_event(state)

        def get_note(env):
            label = self._get_selection_label(env, "state", state)
            if not close_reason:
                return label
            reason = self._get_selection_label(env, "close_reason", close_reason)
            return f"{label} ({reason})"

        self._log_note(get_note)

    def _record_event(self, event_type, transaction=None, channel=None, **values):
        """Append to the history of the links.

        :param str event_type: One of `payment.link.event`'s types.
        :param payment.transaction transaction: What the event is about, if anything.
        :param str channel: One of `payment.link.event`'s channels, if it is known.
        :param dict values: What else is written down with the event.
        """
        # In sudo mode because nobody may create events, only what happens does.
        self.env["payment.link.event"].sudo().create(
            [
                {
                    "link_id": link.id,
                    "type": event_type,
                    "transaction_id": transaction.id if transaction else False,
                    "channel": channel,
                    **values,
                }
                for link in self
            ]
        )

    def _log_note(self, get_body):
        """Log a note on the links, in the language of each one's company.

        :param callable get_body: Takes an environment, returns the text.
        """
        if self.env.user._is_public():  # What payers and providers do has no author.
            get_id = self.env["ir.model.data"]._xmlid_to_res_id
            author = self.env["res.partner"].browse(get_id("base.partner_root"))
            author.fetch(("email", "name"))
        else:
            author = self.env.user.partner_id
        for company, links in self.grouped("company_id").items():
            links = links.with_context(lang=company.partner_id.lang)
            body = get_body(links.env)
            links._message_log_batch(
                bodies=dict.fromkeys(links.ids, body), author_id=author.id
            )

    @api.model
    def _get_selection_label(self, env, field_name, value):
        """Return a value of a selection field as a user reads it.

        :param Environment env: In whose language.
        :param str field_name: The name of the field.
        :param str value: The value.
        :rtype: str
        """
        selection = self._fields[field_name]._description_selection(env)
        return dict(selection)[value]
