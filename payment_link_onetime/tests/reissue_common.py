from odoo.exceptions import UserError

from odoo.addons.mail.tests.common import MailCase

from .common import PaymentLinkCommon


class PaymentLinkReissueCommon(PaymentLinkCommon, MailCase):
    """What people do with links that are there."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller = cls._create_user("seller", "sales_team.group_sale_salesman")
        cls.order.user_id = cls.seller

    def _reissue(self, link, user=None):
        """Do what the button does, and return the new link."""
        action = link.with_user(user or self.env.user).action_reissue()
        return self.env["payment.link"].browse(action["res_id"])

    def _assert_refused(self, link, message, method="action_reissue"):
        """Check that the link says no, why, and which it is, and that nothing happened."""
        self.cr.flush()  # Links follow their documents before what changed is committed.
        events = link.event_ids
        with self.assertRaisesRegex(UserError, message) as error, self.cr.savepoint():
            getattr(link, method)()
        self.assertIn(link.reference, str(error.exception))
        self.assertEqual(link.event_ids, events)
        self.assertFalse(link.replaced_by_id)
