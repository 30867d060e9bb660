from datetime import datetime

from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo.tools import mute_logger

from .common import PaymentLinkCommon


class TestSettings(PaymentLinkCommon):
    def _set(self, **values):
        settings = self.env["res.config.settings"].with_company(self.company)
        settings.create(values).execute()

    @freeze_time("2030-03-01 12:00:00")
    def test_B10_default_expiry(self):
        self.company.partner_id.tz = "UTC"
        self._set(payment_link_expiry_days=3)
        self.assertEqual(
            self._create_link().expires_at, datetime(2030, 3, 4, 23, 59, 59)
        )

    def test_zero_days_are_no_expiry(self):
        self._set(payment_link_expiry_days=0)
        self.assertFalse(self._create_link().expires_at)

    @freeze_time("2030-03-01 12:00:00")
    def test_claim_minutes(self):
        """A claim protects its payer for as long as the company says."""
        self._set(payment_link_claim_minutes=7)
        link = self._create_standalone_link()
        link._claim(self.payer_key)
        self.assertEqual(link.claimed_until, datetime(2030, 3, 1, 12, 7))

    def test_A13_guest_contact(self):
        """Links without a customer are booked on it; Odoo needs somebody to book on."""
        link = self._create_standalone_link()
        guest = self.env.ref("payment_link_onetime.partner_guest")
        self.assertEqual(link._get_charge_partner(), guest)
        self.assertFalse(guest.company_id)
        own_guest = self.env["res.partner"].create({"name": "Walk-in"})
        self._set(payment_link_guest_partner_id=own_guest.id)
        self.assertEqual(link._get_charge_partner(), own_guest)

    def test_settings_are_the_companys(self):
        other_company = self.env["res.company"].create({"name": "Other Company"})
        self._set(payment_link_expiry_days=3)
        self.assertEqual(self.company.payment_link_expiry_days, 3)
        self.assertEqual(other_company.payment_link_expiry_days, 30)

    def test_senseless_settings_are_refused(self):
        """No day before today, and nobody pays in no time."""
        for values in (
            {"payment_link_expiry_days": -1},
            {"payment_link_claim_minutes": 0},
        ):
            with (
                self.subTest(values=values),
                mute_logger("odoo.sql_db"),
                self.assertRaises(IntegrityError),
                self.env.cr.savepoint(),
            ):
                self.company.write(values)
                self.company.flush_recordset()

    def test_settings_are_on_the_screen_of_invoicing(self):
        """Where an administrator looks for how customers pay."""
        arch = self.env["res.config.settings"].get_view(view_type="form")["arch"]
        for field_name in (
            "payment_link_expiry_days",
            "payment_link_claim_minutes",
            "payment_link_guest_partner_id",
        ):
            self.assertIn(f'name="{field_name}"', arch)
