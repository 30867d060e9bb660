from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.tests import tagged

from ..const import RENEWALS_PER_ADDRESS
from .common import PaymentLinkHttpCommon
from .message_common import MESSAGES_JOB, PaymentLinkMessageCommon

ANSWER = "If we know an e-mail address for this payment, a new link is on its way."


@tagged("post_install", "-at_install")
class TestRenewal(PaymentLinkMessageCommon):
    """G6: an expired link's payer asks for a new one, and learns nothing by it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller.payment_link_notify_paid = False

    def _expire(self, link):
        link._store({"expires_at": fields.Datetime.now() - timedelta(minutes=1)})
        return link

    def _create_expired_link(self, **values):
        return self._expire(self._create_link(**values))

    def _renew(self, link, address="192.0.2.1"):
        """Ask for a new link, let the job do it, and return the mails."""
        link._request_renewal(address)
        last = self.env["mail.mail"].search([], limit=1, order="id desc").id
        # Mails that are sent at once are kept, to look at them.
        with (
            patch.object(type(self.env["mail.mail"]), "unlink", lambda mails: None),
            self.mock_mail_gateway(mail_unlink_sent=False),
        ):
            self._run_job(MESSAGES_JOB)
        # The salesperson follows the link, and gets a copy.
        return self.env["mail.mail"].search(
            [("id", ">", last), ("recipient_ids", "in", self.customer.ids)]
        )

    def _get_outcome(self, link):
        message = self._get_messages(link, "renewal")[-1]
        return message.state, message.reason or ""

    def test_G6_new_link_to_the_address_on_file(self):
        link = self._create_expired_link()
        mails = self._renew(link)
        self._assert_to(mails, "ada.payer@example.com")
        new = link.replaced_by_id
        self.assertEqual(new._get_page_state(), "open")
        self.assertIn(new.access_token, mails.body_html)
        self.assertEqual(new.event_ids[0].type, "sent")
        self.assertEqual(self._get_outcome(link), ("sent", ""))

    def test_G6_only_what_has_expired(self):
        for link in (self._create_link(amount=10.0), self._create_link(amount=20.0)):
            if link.amount == 20.0:
                link.action_cancel()
            link._request_renewal("192.0.2.1")
            self.assertFalse(link.outbox_ids)

    def test_E6_also_after_the_activation_time(self):
        link = self._create_link(activation_minutes=5, expires_at=False)
        link._record_opening()
        with freeze_time(link.first_opened_at + timedelta(minutes=6)):
            self._renew(link)
        new = link.replaced_by_id
        self.assertEqual(new.activation_minutes, 5)
        self.assertEqual(new._get_page_state(), "open")

    def test_G6_page_of_the_old_link_tells_nothing(self):
        """It is the same page, whether a new link was sent or not."""
        link = self._create_expired_link()
        closed = self._create_standalone_link()
        closed.action_expire()  # By hand: its date is still to come.
        closed_with_address = self._create_standalone_link(partner_id=self.customer.id)
        closed_with_address.action_expire()
        for expired in (link, closed, closed_with_address):
            self._renew(expired)
            self.assertEqual(expired._get_page_state(), "expired")
        self.assertTrue(link.replaced_by_id and closed_with_address.replaced_by_id)
        self.assertFalse(closed.replaced_by_id)

    def test_G6_asked_again_the_current_link_is_sent(self):
        link = self._create_expired_link()
        self._renew(link)
        new = link.replaced_by_id
        with freeze_time(fields.Datetime.now() + timedelta(minutes=61)):
            mails = self._renew(link)
            self.assertIn(new.access_token, mails.body_html)
            self.assertFalse(new.replaced_by_id)

    def test_G6_asked_again_after_the_new_one_expired(self):
        link = self._create_expired_link()
        self._renew(link)
        new = self._expire(link.replaced_by_id)
        with freeze_time(fields.Datetime.now() + timedelta(minutes=61)):
            mails = self._renew(link)
        self.assertIn(new.replaced_by_id.access_token, mails.body_html)

    def test_G6_another_link_asks_for_it_by_now(self):
        """A salesperson has sent one from the document: that one is it."""
        link = self._create_expired_link()
        link.action_expire()
        other = self._create_link()
        mails = self._renew(link)
        self.assertIn(other.access_token, mails.body_html)
        self.assertFalse(link.replaced_by_id)

    def test_G6_asks_for_what_is_due(self):
        link = self._create_expired_link()
        self.order.transaction_ids = self._create_transaction(
            "direct", amount=30.0, reference="portal", state="done"
        )
        self._renew(link)
        self.assertEqual(link.replaced_by_id.amount, 70.0)

    def test_G6_refusal_is_told_to_the_salesperson_only(self):
        link = self._create_expired_link()
        self.customer.email = False
        self.assertFalse(self._renew(link))
        state, reason = self._get_outcome(link)
        self.assertEqual(state, "skipped")
        self.assertIn("no e-mail address", reason)
        self.assertEqual(link.activity_ids.user_id, self.seller)
        self.assertFalse(link.replaced_by_id)

    def test_G6_paid_meanwhile(self):
        link = self._create_expired_link()
        link._request_renewal("192.0.2.1")
        charge = self._create_transaction(
            "direct", amount=100.0, reference="late", payment_link_id=link.id
        )
        charge._set_done()
        self._renew(link)
        state, reason = self._get_outcome(link)
        self.assertEqual(state, "skipped")
        self.assertIn("paid", reason)

    def test_G6_once_an_hour(self):
        link = self._create_expired_link()
        now = fields.Datetime.now()
        for minutes, count in ((0, 1), (30, 1), (59, 1), (61, 2)):
            with freeze_time(now + timedelta(minutes=minutes)):
                link._request_renewal("192.0.2.1")
            self.assertEqual(len(link.outbox_ids), count, minutes)

    def test_G6_some_an_hour_from_one_address(self):
        """Of IPv6, a whole network is one household."""
        links = [
            self._expire(self._create_standalone_link())
            for _number in range(RENEWALS_PER_ADDRESS + 2)
        ]
        for number, link in enumerate(links[:-1]):
            link._request_renewal(f"2001:db8::{number}")
        asked = [link for link in links if link.outbox_ids]
        self.assertEqual(len(asked), RENEWALS_PER_ADDRESS)
        links[-1]._request_renewal("2001:db9::1")
        self.assertTrue(links[-1].outbox_ids)
        message_sudo = links[0].outbox_ids.sudo()
        self.assertTrue(message_sudo.requester)
        self.assertNotIn("2001", message_sudo.requester)  # It is not kept,
        with freeze_time(fields.Datetime.now() + timedelta(days=2)):
            message_sudo._gc_requesters()
        self.assertFalse(message_sudo.requester)  # and not for long.


@tagged("post_install", "-at_install")
class TestRenewalPage(PaymentLinkHttpCommon):
    def _create_expired_link(self, **values):
        link = self._create_standalone_link(**values)
        link._store({"expires_at": fields.Datetime.now() - timedelta(minutes=1)})
        return link

    def _post(self, link):
        return self.url_open(
            f"{link._get_page_path()}/renew", data={"email": "eve@x.yz"}
        )

    def test_G6_same_answer_to_everybody(self):
        """With and without an address, the first and the second time."""
        known = self._create_expired_link(partner_id=self.customer.id, reference="A-1")
        unknown = self._create_expired_link(reference="A-2")
        self.assertIn("Send me a new link", self._get_page(known).text)
        pages = [self._post(link) for link in (known, known, unknown, unknown)]
        for page in pages:
            self.assertEqual(page.status_code, 410)
            self.assertTrue(page.url.endswith("?renewed=1"))
            self.assertIn(ANSWER, " ".join(page.text.split()))
            self.assertNotIn("Send me a new link", page.text)
            self.assertNotIn("ada.payer", page.text)
        self.assertEqual(len(known.outbox_ids), 1)
        self.assertEqual(len(unknown.outbox_ids), 1)

    def test_G6_get_does_nothing(self):
        link = self._create_expired_link()
        response = self.url_open(f"{link._get_page_path()}/renew")
        self.assertEqual(response.status_code, 405)
        self._get_page(link)
        self.assertFalse(link.outbox_ids)

    def test_G6_forged_post_does_nothing(self):
        """The page of an open link has no such button, and says nothing of one."""
        link = self._create_standalone_link(partner_id=self.customer.id)
        page = self._post(link)
        self.assertEqual(page.status_code, 200)
        self.assertNotIn("on its way", page.text)
        self.assertFalse(link.outbox_ids)

    def test_rule_8_wrong_token(self):
        response = self.url_open("/pay/no-such-link/renew", data={"email": "eve@x.yz"})
        self.assertEqual(response.status_code, 404)
        self.assertIn("This page does not exist", response.text)

    def test_questions_go_to_the_salesperson(self):
        """While she works there; else to the company."""
        seller = self._create_user(
            "seller", name="Sally Seller", email="sally@example.com"
        )
        seller.partner_id.phone = "+1 555 0199"
        self.company.email = "billing@example.com"
        link = self._create_standalone_link(user_id=seller.id)
        page = self._get_page(link).text
        for text in ("Sally Seller", "mailto:sally@example.com", "tel:+1 555 0199"):
            self.assertIn(text, page)
        self.assertIn("billing@example.com", page)  # She may be away.
        seller.active = False
        page = self._get_page(link).text
        self.assertNotIn("Sally Seller", page)
        self.assertEqual(page.count("mailto:billing@example.com"), 1)
