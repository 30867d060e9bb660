from odoo import models

from .ir_qweb import CompiledTemplates
from .payment_link_email import LAYOUT, TEMPLATE


class PaymentLink(models.Model):
    """How many links go out at once.

    A channel that can send them together, faster than one by one, has a method
    `_send_all_by_<channel>(message=None)` beside `_send_by_<channel>(message=None)`.
    """

    _inherit = "payment.link"

    # === BUSINESS METHODS === #

    def _send_all_by_channel(self, channel, message=None):
        """Send the links by a channel, once the transaction is committed.

        :param str channel: One of :meth:`_get_send_channels`.
        :param str message: Some personal words, as plain text.
        :raises UserError: as :meth:`_check_channel`. Then none is sent.
        """
        if send_all := getattr(self, f"_send_all_by_{channel}", None):
            send_all(message=message)
            return
        for link in self:
            link._send_by_channel(channel, message=message)

    def _send_all_by_email(self, message=None):
        """Send the links to their customers by e-mail, all with one composer.

        :param str message: Some personal words, as plain text.
        :raises UserError: as :meth:`_check_channel`. Then none is sent.
        """
        addresses = {link: link._check_channel("email") for link in self}
        composers = self.env["mail.compose.message"].with_context(
            payment_link_compiled_templates=CompiledTemplates(),
            payment_link_message=self._format_message(message),
            default_composition_mode="comment",
            default_model=self._name,
            default_res_ids=self.ids,
            default_template_id=self.env.ref(TEMPLATE).id,
        )
        composer = composers.create(
            {
                "message_type": "comment",
                "subtype_id": self.env.ref("mail.mt_comment").id,
                "email_layout_xmlid": LAYOUT,
            }
        )
        composer._action_send_mail()
        for link, address in addresses.items():
            link._on_sent(address, "email")
