from datetime import date, datetime, timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from .common import PaymentLinkCommon, PaymentLinkHttpCommon

JOB = "payment_link_onetime.cron_expire"


@tagged("post_install", "-at_install")
class TestExpiry(PaymentLinkCommon):
    """B10, E6, rule 5: until when, said at reading, written down by a job."""

    def _create_opened_link(self, minutes, **values):
        link = self._create_link(activation_minutes=minutes, **values)
        link._record_opening()
        return link

    # === UNTIL WHEN === #

    @freeze_time("2030-03-01 12:00:00")
    def test_B10_a_day_ends_where_the_company_is(self):
        self.company.partner_id.tz = "Asia/Colombo"  # UTC+5:30
        for day in ("2030-03-08", date(2030, 3, 8)):
            with self.subTest(day=day):
                link = self._create_link(amount=10.0, expires_at=day)
                self.assertEqual(link.expires_at, datetime(2030, 3, 8, 18, 29, 59))

    @freeze_time("2030-03-01 23:30:00")
    def test_B10_today_is_payable_until_its_end(self):
        self.company.partner_id.tz = "America/New_York"  # UTC-5
        link = self._create_standalone_link(expires_at="2030-03-01")
        self.assertEqual(link.expires_at, datetime(2030, 3, 2, 4, 59, 59))
        self.assertEqual(link._get_page_state(), "open")

    def test_B10_a_moment_is_taken_as_it_is(self):
        moment = datetime(2099, 1, 2, 3, 4, 5)
        self.assertEqual(self._create_link(expires_at=moment).expires_at, moment)

    def test_B10_no_date(self):
        with self.assertRaisesRegex(ValidationError, "2030-02-31 is no date"):
            self._create_link(expires_at="2030-02-31")
        with self.assertRaisesRegex(ValidationError, "in the future"):
            self._create_link(expires_at="2001-01-01")

    def test_E6_refused_minutes_after_the_first_opening(self):
        link = self._create_opened_link(15, expires_at=False)
        opened = link.first_opened_at
        with freeze_time(opened + timedelta(minutes=15)):
            self.assertEqual(link._get_page_state(), "open")
        with freeze_time(opened + timedelta(minutes=15, seconds=1)):
            self.assertEqual(link._get_page_state(), "expired")
            with self.assertRaisesRegex(UserError, "has expired"):
                link._claim(self.payer_key)

    def test_the_form_says_that_the_time_is_over(self):
        """Before the job has written it down."""
        link = self._create_link()
        self.assertFalse(link.is_over)
        with freeze_time(link.expires_at + timedelta(seconds=1)):
            link.invalidate_recordset()
            self.assertTrue(link.is_over)
            self.assertEqual(link.state, "open")

    # === THE JOB === #

    def test_rule_5_the_job_closes_what_is_over_and_nothing_else(self):
        later = fields.Datetime.now() + timedelta(days=90)
        over = self._create_link(amount=10.0)
        activated = self._create_opened_link(5, amount=10.0, expires_at=False)
        kept = (
            self._create_link(amount=10.0, expires_at=later + timedelta(days=1))
            | self._create_link(amount=10.0, expires_at=False)
            | self._create_link(amount=10.0, activation_minutes=5, expires_at=False)
        )
        pending = self._create_link(amount=10.0)
        self._create_charge(pending)._set_pending()
        cancelled = self._create_link(amount=10.0)
        cancelled.action_cancel()
        with freeze_time(later):
            begun = self._create_standalone_link(expires_at=later + timedelta(hours=1))
            begun._claim(self.payer_key)
        with freeze_time(later + timedelta(hours=1, minutes=-1)):
            begun._claim(self.payer_key)
        with freeze_time(later + timedelta(hours=1, minutes=1)):
            self._run_job(JOB)
            self._run_job(JOB)
        self.assertEqual(over.state, "expired")
        self.assertEqual(activated.state, "expired")
        self.assertEqual(set(kept.mapped("state")), {"open"})
        self.assertEqual((pending | begun).mapped("state"), ["open", "open"])
        self.assertEqual(cancelled.state, "cancelled")
        for link in over | activated:
            self.assertEqual(link.event_ids.mapped("type").count("expired"), 1)
            self.assertIn("Expired", link.message_ids[0].body)

    def test_rule_5_a_payment_just_begun_holds_a_link_for_several_payments(self):
        link = self._create_standalone_link(max_payments=3)
        self._create_charge(link)
        with freeze_time(fields.Datetime.now() + timedelta(minutes=1)):
            link._store({"expires_at": fields.Datetime.now() - timedelta(seconds=1)})
            self._run_job(JOB)
        self.assertEqual(link.state, "open")

    def test_the_job_takes_many_links_at_once(self):
        """A hundred more links cost a hundred times less than a query each."""

        def sweep(count):
            links = self.env["payment.link"].create(
                [
                    {"amount": 5.0, "company_id": self.company.id}
                    for _number in range(count)
                ]
            )
            links._store({"expires_at": fields.Datetime.now() - timedelta(days=1)})
            self.env.flush_all()
            self.env.invalidate_all()
            start = self.cr.sql_log_count
            expired = self.env["payment.link"]._lock_expired_links()
            expired._set_state("expired")
            self.env.flush_all()
            self.assertEqual(set(links.mapped("state")), {"expired"})
            return self.cr.sql_log_count - start

        few, many = sweep(5), sweep(105)
        self.assertLess(many, few + 10)


@tagged("post_install", "-at_install")
class TestExpiredPage(PaymentLinkHttpCommon):
    def test_B10_E6_the_page_of_an_expired_link_names_the_contact(self):
        self.company.write({"email": "shop@example.com", "phone": "+1 555 0100"})
        link = self._create_link(activation_minutes=5)
        self.assertEqual(self._open_page(link).status_code, 200)
        with freeze_time(link.first_opened_at + timedelta(minutes=6)):
            response = self._get_page(link)
        self.assertEqual(response.status_code, 410)
        self.assertEqual(link.state, "open")
        for text in ("has expired", "shop@example.com", "+1 555 0100"):
            self.assertIn(text, response.text)
        self.assertNotIn("o_payment_submit_button", response.text)
