from odoo.addons.mail.tests.common import MailCase
from odoo.addons.sms.tests.common import SMSCase

from .common import PaymentLinkCommon

MESSAGES_JOB = "payment_link_onetime.cron_send_messages"


class PaymentLinkMessageCommon(PaymentLinkCommon, MailCase, SMSCase):
    """What is sent about a link by itself."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.partner_id.tz = "UTC"
        # What the demo's links have to say.
        cls.env["payment.link.message"].sudo().search([]).unlink()
        cls.seller = cls._create_user(
            "seller",
            "sales_team.group_sale_salesman",
            email="sally.seller@example.com",
            notification_type="email",
        )
        cls.order.write({"user_id": cls.seller.id, "validity_date": "2030-06-01"})

    def _send_messages(self):
        """Run the job and return the mails that it made."""
        last = self.env["mail.mail"].search([], limit=1, order="id desc").id
        self._run_job(MESSAGES_JOB)
        return self.env["mail.mail"].search([("id", ">", last)], order="id")

    def _get_messages(self, link, kind):
        return link.outbox_ids.filtered(lambda m: m.kind == kind).sorted("id")

    def _assert_to(self, mails, *addresses):
        """Check who gets the mails, in any order."""
        got = [
            mail.email_to or mail.recipient_ids.mapped("email")[:1][0] for mail in mails
        ]
        self.assertCountEqual(got, addresses)
