from odoo import models
from odoo.exceptions import UserError
from odoo.tools import email_normalize_all, plaintext2html


class PaymentLink(models.Model):
    """How a link goes out by e-mail."""

    _inherit = "payment.link"

    # === BUSINESS METHODS === #

    def _send_by_email(self, message=None):
        """Send the link to its customer by e-mail, once the transaction is committed.

        :param str message: Some personal words, as plain text.
        :raises UserError: if the link takes no money any more, or if there is no e-mail
            address to send it to.
        """
        self.ensure_one()
        address = self._check_channel("email")
        self.with_context(
            payment_link_message=plaintext2html(message) if message else False
        ).message_post_with_source(
            "payment_link_onetime.mail_template_payment_link",
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            email_layout_xmlid="mail.mail_notification_light",
        )
        self._on_sent(address, "email")

    def _check_by_email(self):
        """Return the customer's e-mail address, or refuse.

        :rtype: str
        :raises UserError: if there is no customer, no address, or none that is one.
        """
        self.ensure_one()
        partner = self.partner_id
        if not partner:
            raise UserError(
                self.env._(
                    "This payment link has no customer with an e-mail address. Choose"
                    " the customer to send the link to, or get the link and hand it"
                    " over yourself."
                )
            )
        if not partner.email:
            raise UserError(
                self.env._(
                    "%(customer)s has no e-mail address. Add one to the contact, or get"
                    " the link and hand it over yourself.",
                    customer=partner.display_name,
                )
            )
        if not email_normalize_all(partner.email):
            raise UserError(
                self.env._(
                    "%(email)s of %(customer)s is no e-mail address. Correct it on the"
                    " contact: it looks like name@example.com.",
                    email=partner.email,
                    customer=partner.display_name,
                )
            )
        return partner.email
