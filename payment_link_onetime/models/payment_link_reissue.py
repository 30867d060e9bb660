from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from ..const import FIXED_FIELDS, GENERATED_FIELDS

# What a new link of the same request does not take over as it is.
_OWN_FIELDS = frozenset({"amount", "expires_at", "line_ids", "max_payments"})


class PaymentLink(models.Model):
    """How a link is made anew: the same request at a new address, or a new request."""

    _inherit = "payment.link"

    replaces_id = fields.Many2one(
        "payment.link",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="Money that still arrives there is not asked for here any more.",
    )

    # === ACTION METHODS === #

    def action_reissue(self):
        """Replace the links: the same requests at new addresses, the old ones closed.

        :return: The action that shows the new links.
        :rtype: dict
        :raises UserError: naming the links that are paid, were replaced before, have a
            payment under way, or have nothing left to ask for. Then none is replaced.
        """
        return self._reissue()._get_own_action()

    def action_duplicate(self):
        """Open the dialog that sends a link, filled in from this one: a new request.

        :return: The window action.
        :rtype: dict
        """
        self.ensure_one()
        document = self._get_document()
        record = document or self.partner_id
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Send Payment Link"),
            "res_model": "payment.link.send",
            "view_mode": "form",
            "target": "new",
            "context": {
                "active_model": record._name,
                "active_id": record[:1].id,
                "active_ids": record.ids,
                "payment_link_source_id": self.id,
            },
        }

    def action_ask_for_rest(self):
        """Send new links over what is still owed, by e-mail.

        For a document, that is what it owes beside what its open links ask for. For a
        link without a document, it is what was not paid of it: the old one is replaced.

        :return: The action that shows the new links.
        :rtype: dict
        :raises UserError: naming the links on which nothing is owed, or whose customer
            has no e-mail address. Then none is made.
        """
        self.check_access("write")
        asked = {}
        for link in self:  # Two links of one document: it is asked for its rest once.
            asked.setdefault(link._get_document() or link, link)
        links = self.browse().concat(*asked.values())
        new_links = links._do_each(lambda link: link._ask_for_rest())
        return self.browse().concat(*new_links)._get_own_action()

    # === BUSINESS METHODS === #

    @api.model
    def _complete_create_values(self, vals):
        """Override to remember which link the new one replaces."""
        vals = super()._complete_create_values(vals)
        vals["replaces_id"] = self._get_replaced().id
        return vals

    def _on_transactions_updated(self, transactions):  # pylint: disable=missing-return
        """Override to let the links that replaced these know of it."""
        super()._on_transactions_updated(transactions)
        for link in self.filtered("replaced_by_id"):
            link._tell_replacements(
                transactions.filtered(lambda tx, link=link: tx.payment_link_id == link)
            )

    def _tell_replacements(self, transactions):
        """Let the links that replaced this one ask for what is left, and no more.

        :param payment.transaction transactions: What changed here.
        """
        self.ensure_one()
        new, replacements = self, self.browse()
        while new.replaced_by_id.replaces_id == new:
            new = new.replaced_by_id
            new._lock()  # Who is about to pay it looks again.
            replacements |= new
        replacements._recompute_amounts()
        for transaction in transactions if replacements else ():
            if transaction._get_payment_link_event_type() == "paid":
                new._on_payment_of_replaced(self, transaction)

    def _on_payment_of_replaced(self, link, transaction):
        """Say that money arrived through a link that this one replaced, and close.

        :param payment.link link: That link.
        :param payment.transaction transaction: The charge that brought it.
        """
        self.ensure_one()
        currency = self.currency_id
        self._log_note(
            lambda env: env._(
                "%(amount)s arrived through %(link)s, which was replaced. It is not"
                " asked for here any more.",
                amount=currency.format(transaction.amount),
                link=link.with_env(env)._get_html_link(title=link.code),
            )
        )
        if self._has_surplus():
            self._on_surplus(transaction)
        elif self.state in ("open", "expired") and currency.is_zero(self.amount_due):
            self._set_payment_status(self._get_expected_payment_status())
            if self._is_fully_paid():
                self._set_state("completed")
            elif not (self.amount_pending or self.amount_authorized):
                self._set_state("cancelled", close_reason="settled_elsewhere")

    def _reissue(self):
        """Replace the links by new ones.

        :return: The new links.
        :rtype: payment.link
        :raises UserError: as :meth:`action_reissue`.
        """
        self.check_access("write")
        self.browse().check_access("create")
        return self.browse().concat(*self._do_each(lambda link: link._replace()))

    def _replace(self):
        """Close the link and make its successor, under its document's and its own lock.

        Of two who do it at once, the second waits, and is told that it was replaced.

        :rtype: payment.link
        :raises UserError: as :meth:`action_reissue`.
        """
        self.ensure_one()
        if document := self._get_document():
            document.check_access("read")
            document._payment_link_lock()
        self.sudo()._lock()  # Users may not read the claim.
        self._check_replaceable()
        values = self._prepare_replacement_values()
        # It points to itself until there is another: its reference is free from now on.
        self._store({"replaced_by_id": self.id})
        self._set_state("cancelled", close_reason="reissued")
        self.flush_recordset()
        # In sudo mode because salespeople may not say which providers a link allows: it
        # is the old link that says so.
        links_sudo = self.sudo().with_context(payment_link_replaced=self)
        link = links_sudo.create(values).with_env(self.env)
        self._store({"replaced_by_id": link.id})
        link._log_note(
            lambda env: env._(
                "This link replaces %(link)s.",
                link=self.with_env(env)._get_html_link(title=self.code),
            )
        )
        self._log_note(
            lambda env: env._(
                "Replaced by %(link)s.",
                link=link.with_env(env)._get_html_link(title=link.code),
            )
        )
        return link

    def _check_replaceable(self):
        """Refuse to replace a link whose money has come, or is on its way.

        :raises UserError: naming the link, and saying why.
        """
        self.ensure_one()
        document = self._get_document()
        closed = document and document._payment_link_get_closed_state(self)
        closed_reasons = {
            "cancelled": self.env._("its document is cancelled"),
            "completed": self.env._("it is paid"),
            "expired": self.env._("its document has expired"),
            "paused": self.env._("its document is a draft again"),
            "processing": self.env._("a payment of its document is under way"),
            "superseded": self.env._(
                "its document has another total now, send a new link from there"
            ),
        }
        reason = None
        if self.replaced_by_id:
            reason = self.env._("it was replaced already")
        elif self.state == "completed":
            reason = self.env._("it is paid")
        elif self.amount_pending or self.amount_authorized:
            reason = self.env._("a payment is under way")
        elif self._is_being_paid():
            reason = self.env._("somebody is paying it right now")
        elif closed:
            reason = closed_reasons[closed]
        elif self.currency_id.compare_amounts(self._get_amount_to_pay(), 0.0) <= 0:
            reason = self.env._("nothing is left to ask for")
        if reason:
            raise UserError(
                self.env._(
                    "The payment link %(reference)s (%(code)s) cannot be replaced:"
                    " %(reason)s.",
                    reference=self.reference,
                    code=self.code,
                    reason=reason,
                )
            )

    def _prepare_replacement_values(self):
        """Return what a link that replaces this one asks for.

        :return: The values for `create`: all that this one asked for, and of the money
            what is still due.
        :rtype: dict
        """
        self.ensure_one()
        link_sudo = self.sudo()  # Users may not read which providers it allows.
        copied = [*(FIXED_FIELDS - GENERATED_FIELDS - _OWN_FIELDS), "description"]
        values = link_sudo._copy_values(copied)
        amount = self._get_amount_to_pay()
        # The customer knows the minimum as an amount: a new address is no reason to ask
        # for less at a time, and for more payments than were agreed.
        minimum = self._get_minimum_amount(amount)
        percent = max(self.minimum_percent, 100.0 * minimum / amount)
        values.update(
            amount=amount,
            minimum_percent=min(percent, 100.0),  # 100 * 167.92 / 167.92 is above it.
            # What is left may be too little for that.
            allow_partial=self.allow_partial
            and self.currency_id.compare_amounts(minimum, amount) < 0
            and self.company_id._is_payment_link_partial_possible(
                amount, self.currency_id
            ),
            user_id=self.user_id.id,
            max_payments=self._get_remaining_payments(),
            line_ids=[
                Command.create(line._copy_values()) for line in link_sudo.line_ids
            ],
        )
        if not (self.expires_at and self._is_expired()):
            values["expires_at"] = self.expires_at
        return values

    def _copy_values(self, field_names):
        """Return stored values as `create` takes them.

        :param list[str] field_names: The fields to copy.
        :rtype: dict
        """
        self.ensure_one()
        return {
            name: self._fields[name].convert_to_write(self[name], self)
            for name in field_names
        }

    def _get_remaining_payments(self):
        """Return how often a link that replaces this one can be paid.

        :return: The number of payments, 0 for no limit.
        :rtype: int
        """
        self.ensure_one()
        if self.max_payments <= 1:
            return self.max_payments
        amounts = self._read_transaction_amounts()[self.id]
        return self.max_payments - int(amounts["uses"])

    def _ask_for_rest(self):
        """Send a new link over what is still owed.

        :rtype: payment.link
        :raises UserError: as :meth:`action_ask_for_rest`.
        """
        self.ensure_one()
        document = self._get_document()
        link = self._create_link_over_rest(document) if document else self._reissue()
        link._send_by_email()
        return link

    def _create_link_over_rest(self, document):
        """Create a link over what a document owes beside what its open links ask for.

        :param document: The link's document.
        :rtype: payment.link
        :raises UserError: naming the link, if that is nothing.
        """
        self.ensure_one()
        available = document._payment_link_get_available_amount()
        if self.currency_id.compare_amounts(available, 0.0) <= 0:
            raise UserError(
                self.env._(
                    "%(document)s of the payment link %(reference)s owes nothing that"
                    " its open payment links do not ask for already.",
                    document=document.display_name,
                    reference=self.reference,
                )
            )
        return self.create(
            {
                **document._payment_link_prepare_values(),
                "partner_id": self.partner_id.id,
                "amount": available,
            }
        )

    # === GETTERS === #

    @api.model
    def _get_replaced(self):
        """Return the link that the one that is being created replaces.

        It carries over what was checked when that one was created.

        :rtype: payment.link
        """
        # A record: nobody can say so in the context of a call from outside.
        replaced = self.env.context.get("payment_link_replaced")
        return replaced if isinstance(replaced, models.BaseModel) else self.browse()

    def _get_own_action(self):
        """Return the action that shows the links.

        :rtype: dict
        """
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "payment_link_onetime.action_payment_link"
        )
        action["domain"] = [("id", "in", self.ids)]
        action["context"] = {}
        if len(self) == 1:
            action.update(res_id=self.id, views=[(False, "form")])
        return action
