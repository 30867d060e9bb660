from odoo import api, models
from odoo.exceptions import UserError


class PaymentLink(models.Model):
    """How a link reaches its customer.

    A new channel is one more value of `payment.link.event.channel` and a method
    `_send_by_<channel>(message=None)`. It may have a `_check_by_<channel>()`, which
    returns the recipient or raises, and a `_preview_by_<channel>(message=None)`.
    """

    _inherit = "payment.link"

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

    def _send_by_channel(self, channel, message=None):
        """Send the link by a channel, once the transaction is committed.

        :param str channel: One of :meth:`_get_send_channels`.
        :param str message: Some personal words, as plain text.
        :raises UserError: as :meth:`_check_channel`.
        """
        self.ensure_one()
        getattr(self, f"_send_by_{channel}")(message=message)

    def _check_channel(self, channel):
        """Refuse what sending the link by a channel would refuse, and send nothing.

        :param str channel: One of :meth:`_get_send_channels`.
        :return: Whom it would go to: an e-mail address, or a phone number in E.164.
        :rtype: str
        :raises UserError: if the link takes no money any more, or if there is no
            address or number, or none that can be used. It names the link, and says
            what to do.
        """
        self.ensure_one()
        self._check_sendable()
        try:
            return self._check_recipient(channel)
        except UserError as error:
            raise UserError(
                self.env._(
                    "The payment link %(reference)s cannot be sent. %(reason)s",
                    reference=self.reference,
                    reason=error,
                )
            ) from error

    def _check_recipient(self, channel):
        """Return whom a channel would send the link to, or refuse.

        Unlike :meth:`_check_channel`, it also answers for a link that is not made yet.

        :param str channel: One of :meth:`_get_send_channels`.
        :return: An e-mail address, or a phone number in E.164.
        :rtype: str
        :raises UserError: saying what is wrong with it, and what to do.
        """
        self.ensure_one()
        check = getattr(self, f"_check_by_{channel}", None)
        return check() if check else ""

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

        :param str recipient: The e-mail address or phone number that it was sent to,
            empty if the user hands it on herself and we don't know.
        :param str channel: One of `payment.link.event`'s channels.
        """
        self.ensure_one()
        self._record_event("sent", channel=channel)
        document = self._get_document()
        for record in document or self.partner_id:
            lang = self.company_id.partner_id.lang  # As all that links write down.
            record = record.with_context(lang=lang)
            values = {
                "link": self._get_html_link(),
                "amount": self.currency_id.with_env(record.env).format(self.amount),
            }
            if recipient:
                body = record.env._(
                    "Payment link %(link)s over %(amount)s sent to %(recipient)s.",
                    recipient=recipient,
                    **values,
                )
            else:
                body = record.env._(
                    "Payment link %(link)s over %(amount)s shared by messenger.",
                    **values,
                )
            record._message_log(body=body)
        if document:
            document._payment_link_on_sent(self)

    # === GETTERS === #

    @api.model
    def _get_send_channels(self):
        """Return the channels by which a link can be sent, as a user reads them.

        :return: The labels by channel.
        :rtype: dict[str, str]
        """
        field = self.env["payment.link.event"]._fields["channel"]
        return {
            channel: label
            for channel, label in field._description_selection(self.env)
            if hasattr(self, f"_send_by_{channel}")
        }

    def _get_channel_url(self, channel):
        """Return the link's address as a channel hands it out.

        Who opens it tells by which way she came. The plain `url` is what a QR code
        reads, to the letter, and what a salesperson copies.

        :param str channel: One of `payment.link.event`'s channels.
        :rtype: str
        """
        self.ensure_one()
        return f"{self.url}?via={channel}"
