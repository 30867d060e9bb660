from odoo import models

# Why a message does not arrive, however often it is sent. All others are our own
# troubles: a mail server that is down says nothing about the customer.
UNDELIVERABLE = (
    "mail_bounce",
    "mail_email_invalid",
    "mail_email_missing",
    "mail_spam",
    "sms_country_not_supported",
    "sms_invalid_destination",
    "sms_not_allowed",
    "sms_not_delivered",
    "sms_number_format",
    "sms_number_missing",
    "sms_rejected",
)


class PaymentLink(models.Model):
    """What a link hears of messages that did not arrive."""

    _inherit = "payment.link"

    # === BUSINESS METHODS === #

    def _message_receive_bounce(self, email, partner):  # pylint: disable=missing-return
        """Override of `mail`: a mail about the link came back, and may be the
        customer's."""
        super()._message_receive_bounce(email, partner)
        self._on_bounce(email)

    def _on_bounce(self, email):
        """Stop writing to an address that takes no mail, and let somebody know.

        Once, until the link is sent again.

        :param str email: The normalised address.
        """
        for link in self:
            if (
                link.state == "open"
                and link.partner_id.email_normalized == email
                and link._get_last_sending(("email",))
                and not link._has_bounced()
            ):
                link._record_event("bounced", channel="email")
                link._ask_person(
                    lambda env: env._("Payment link not delivered"),
                    lambda env, email=email: env._(
                        "The e-mail with the payment link came back from %(email)s."
                        " Please correct the customer's address, and send the link"
                        " again. Until then, no reminders go there.",
                        email=email,
                    ),
                )

    # === GETTERS === #

    def _has_bounced(self):
        """Return whether mail to the customer came back since the link was sent.

        :rtype: bool
        """
        self.ensure_one()
        # In sudo mode because the job decides by all that happened.
        last_sudo = (
            self.env["payment.link.event"]
            .sudo()
            .search(
                [
                    ("link_id", "=", self.id),
                    ("type", "in", ("bounced", "sent")),
                    ("channel", "=", "email"),
                ],
                limit=1,
            )
        )
        return last_sudo.type == "bounced"

    def _is_last_undelivered(self, notification_type):
        """Return whether the last message to the customer cannot be delivered.

        :param str notification_type: `email` or `sms`.
        :rtype: bool
        """
        self.ensure_one()
        # In sudo mode because nobody reads other people's notifications.
        last_sudo = (
            self.env["mail.notification"]
            .sudo()
            .search(
                [
                    ("mail_message_id.model", "=", self._name),
                    ("mail_message_id.res_id", "=", self.id),
                    ("notification_type", "=", notification_type),
                    ("res_partner_id", "=", self.partner_id.id),
                ],
                order="id desc",
                limit=1,
            )
        )
        return (
            last_sudo.notification_status == "bounce"
            or last_sudo.failure_type in UNDELIVERABLE
        )
