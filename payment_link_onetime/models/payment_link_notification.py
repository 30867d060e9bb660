from datetime import timedelta

from markupsafe import Markup

from odoo import fields, models

from ..const import FAILURE_MINUTES, OPENED_MINUTES

# Which setting of a user's switches which notification.
PREFERENCES = {
    "opened": "payment_link_notify_opened",
    "paid": "payment_link_notify_paid",
    "failed": "payment_link_notify_failed",
}


class PaymentLink(models.Model):
    """What the salesperson is told of a link, if she wants to know."""

    _inherit = "payment.link"

    # === BUSINESS METHODS === #

    def _record_event(self, event_type, transaction=None, channel=None, **values):
        """Override to leave a message for the salesperson."""
        result = super()._record_event(
            event_type, transaction=transaction, channel=channel, **values
        )
        if event_type in PREFERENCES:
            for link in self:
                if link._is_news(event_type, transaction) and (
                    link._is_salesperson_told(event_type)
                ):
                    link._enqueue_notification(event_type, transaction)
        return result

    def _enqueue_notification(self, event_type, transaction):
        """Leave a message for the salesperson: once for each opening, payment, and
        failure. Of many failures in a row, the first one says it.

        :param str event_type: A key of `PREFERENCES`.
        :param payment.transaction transaction: What was paid, or failed.
        """
        self.ensure_one()
        messages = self.env["payment.link.message"]
        if event_type == "failed":
            minutes = timedelta(minutes=FAILURE_MINUTES)
            domain = [("link_id", "=", self.id), ("kind", "=", "failed")]
            if messages._is_recent(domain, fields.Datetime.now() - minutes):
                return
        key, values = "first", {}
        if transaction:
            key, values = str(transaction.id), {"transaction_id": transaction.id}
        if event_type == "opened":
            # Who pays at once is told of once.
            values["due_at"] = fields.Datetime.now() + timedelta(minutes=OPENED_MINUTES)
        messages._enqueue(self, event_type, key, **values)
        if event_type != "paid":  # The job that books it goes first.
            messages._wake_job(values.get("due_at"))

    def _deliver_opened(self, message):
        """Tell the salesperson that the customer looks at the link."""
        if self.payment_status != "unpaid":
            reason = self.env._("The customer has paid in the meantime.")
            return {"state": "skipped", "reason": reason}
        return self._notify_salesperson(
            message,
            lambda env: env._("Opened: %(reference)s", reference=self.reference),
            lambda env: env._(
                "The payment link %(reference)s of %(customer)s over %(amount)s was"
                " opened for the first time.",
                **self._get_notification_values(env),
            ),
        )

    def _deliver_paid(self, message):
        """Tell the salesperson that the customer has paid."""
        return self._notify_salesperson(
            message,
            lambda env: env._("Paid: %(reference)s", reference=self.reference),
            lambda env: env._(
                "%(amount)s were paid with the payment link %(reference)s of"
                " %(customer)s.",
                **self._get_notification_values(env, message.transaction_id),
            ),
        )

    def _deliver_failed(self, message):
        """Tell the salesperson that the customer tried to pay in vain."""
        return self._notify_salesperson(
            message,
            lambda env: env._(
                "Payment failed: %(reference)s", reference=self.reference
            ),
            lambda env: env._(
                "A payment of %(amount)s with the payment link %(reference)s of"
                " %(customer)s did not go through: %(message)s",
                **self._get_notification_values(env, message.transaction_id),
            ),
        )

    def _notify_salesperson(self, message, get_subject, get_body):
        """Send a notification as the salesperson likes to get them.

        :param payment.link.message message: The message.
        :param callable get_subject: Takes an environment, returns the title.
        :param callable get_body: Takes an environment, returns the text.
        :return: As `payment.link.message._deliver`.
        :rtype: dict
        """
        self.ensure_one()
        if not self._is_salesperson_told(message.kind):
            reason = self.env._("The salesperson does not want to be told.")
            return {"state": "skipped", "reason": reason}
        user = self.user_id
        link = self.with_context(lang=user.lang)
        link.message_notify(
            partner_ids=user.partner_id.ids,
            subject=get_subject(link.env),
            body=Markup("<p>%s</p><p><small>%s</small></p>")
            % (
                get_body(link.env),
                link.env._("You choose in your preferences what you are told of."),
            ),
            email_add_signature=False,
            model_description=link.env._("Payment Link"),
            force_email_lang=user.lang,
            force_send=False,
        )
        return {"state": "sent", "recipient": user.name}

    # === GETTERS === #

    def _is_news(self, event_type, transaction):
        """Return whether an event is something that the salesperson has not done, and
        that no activity tells.

        :param str event_type: A key of `PREFERENCES`.
        :param payment.transaction transaction: What was paid, or failed.
        :rtype: bool
        """
        self.ensure_one()
        if event_type == "opened":
            return self.env.user != self.user_id
        if event_type == "failed":
            # Not what a payer cancelled, nor a refund or capture that was refused.
            return (
                transaction.state == "error"
                and transaction.operation != "refund"
                and not transaction.source_transaction_id
            )
        return True

    def _is_salesperson_told(self, event_type):
        """Return whether the salesperson wants to be told of a type of event.

        :param str event_type: A key of `PREFERENCES`.
        :rtype: bool
        """
        self.ensure_one()
        user_sudo = self.user_id.sudo()  # Payers may not read what users like.
        user_sudo.fetch(("active", "share", *PREFERENCES.values()))
        return (
            user_sudo.active
            and not user_sudo.share
            and user_sudo[PREFERENCES[event_type]]
        )

    def _get_notification_values(self, env, transaction=None):
        """Return what the texts of notifications speak of.

        :param Environment env: In whose language.
        :param payment.transaction transaction: What was paid, or failed.
        :rtype: dict
        """
        self.ensure_one()
        link = self.with_env(env)
        return {
            "amount": link._format_amount(
                transaction.amount if transaction else link._get_amount_to_pay()
            ),
            "customer": link.partner_id.display_name or env._("a guest"),
            "message": transaction and transaction.state_message or "-",
            "reference": link.reference,
        }
