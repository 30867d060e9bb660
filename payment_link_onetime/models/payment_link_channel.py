from odoo import models
from odoo.exceptions import UserError
from odoo.tools import plaintext2html

from ..tools import add_to_query


class PaymentLink(models.Model):
    """How a link reaches its customer. A new channel is one more `_send_by_...`."""

    _inherit = "payment.link"

    # === GETTERS === #

    def _get_channel_url(self, channel):
        """Return the link's address as a channel hands it out.

        Who opens it tells by which way she came. The plain `url` is what a QR code
        reads, to the letter, and what a salesperson copies.

        :param str channel: One of `payment.link.event`'s channels.
        :rtype: str
        """
        self.ensure_one()
        return add_to_query(self.url, f"via={channel}")

    # === ACTION METHODS === #

    def action_open_send_dialog(self):
        """Open the dialog that sends this link again.

        :return: The window action.
        :rtype: dict
        """
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Send Payment Link"),
            "res_model": "payment.link.send",
            "view_mode": "form",
            "target": "new",
            "context": {"default_link_id": self.id},
        }

    # === BUSINESS METHODS === #

    def _send_by_email(self, message=None):
        """Send the link to its customer by e-mail, once the transaction is committed.

        :param str message: Some personal words, as plain text.
        :raises UserError: if the link takes no money any more, or if there is no e-mail
            address to send it to.
        """
        self.ensure_one()
        self._check_sendable()
        if not self.partner_id.email:
            raise UserError(
                self.env._(
                    "The payment link %(reference)s has no customer with an e-mail"
                    " address.",
                    reference=self.reference,
                )
            )
        self.with_context(
            payment_link_message=plaintext2html(message) if message else False
        ).message_post_with_source(
            "payment_link_onetime.mail_template_payment_link",
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            email_layout_xmlid="payment_link_onetime.mail_layout",
        )
        self._on_sent(self.partner_id.email, "email")

    def _check_sendable(self):
        """Refuse to hand out a link that its customer cannot pay any more.

        :raises UserError: if the link takes no money any more, saying why.
        """
        self.ensure_one()
        reasons = {
            "completed": self.env._("it is paid already"),
            "cancelled": self.env._("it was cancelled"),
            "expired": self.env._("it has expired"),
            "superseded": self.env._("the amount has changed"),
        }
        if reason := reasons.get(self._get_page_state()):
            raise UserError(
                self.env._(
                    "The payment link %(reference)s cannot be sent: %(reason)s. Create"
                    " a new payment link instead.",
                    reference=self.reference,
                    reason=reason,
                )
            )

    def _on_sent(self, recipient, channel):
        """Write down that the link was sent, on the link and where it comes from.

        :param str recipient: The e-mail address or phone number that it was sent to.
        :param str channel: One of `payment.link.event`'s channels.
        """
        self.ensure_one()
        self._record_event("sent", channel=channel)
        document = self._get_document()
        for record in document or self.partner_id:
            lang = self.company_id.partner_id.lang  # As all that links write down.
            record = record.with_context(lang=lang)
            record._message_log(
                body=record.env._(
                    "Payment link %(link)s over %(amount)s sent to %(recipient)s.",
                    link=self._get_html_link(),
                    amount=self.currency_id.with_env(record.env).format(self.amount),
                    recipient=recipient,
                )
            )
        if document:
            document._payment_link_on_sent(self)
