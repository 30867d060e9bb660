from odoo.tests import Form

from odoo.addons.mail.tests.common import MailCase
from odoo.addons.sms.tests.common import SMSCase

from .common import PaymentLinkCommon


class PaymentLinkSendCommon(PaymentLinkCommon, MailCase, SMSCase):
    """A salesperson, her quote, and the dialog."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller = cls._create_user(
            "seller",
            "sales_team.group_sale_salesman",
            name="Sally Seller",
            email="sally@example.com",
            signature="<p>Sally, your contact</p>",
        )
        cls.order.user_id = cls.seller
        cls.company.partner_id.tz = "Europe/Brussels"

    def _open_dialog(self, record=None, user=None, **context):
        """Open the dialog as the web client does: with the action's context."""
        if record is not None:
            context = {**record.with_user(user or self.env.user).env.context, **context}
            action = record.action_send_payment_link()
            context.update(action["context"])
        dialogs = self.env["payment.link.send"].with_user(user or self.env.user)
        return Form(dialogs.with_context(**context))

    def _check(self, dialog, *channels):
        """Check the boxes of these channels, and no others."""
        dialog.channel_checkboxes = {
            channel: {**checkbox, "checked": channel in channels}
            for channel, checkbox in dialog.channel_checkboxes.items()
        }

    def _get_links(self, record):
        return self.env["payment.link"].search(
            [(record._payment_link_field, "=", record.id)]
        )
