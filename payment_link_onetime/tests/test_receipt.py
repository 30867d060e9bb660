import re
from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import PaymentLinkCommon, PaymentLinkHttpCommon


@tagged("post_install", "-at_install")
class TestReceipt(PaymentLinkCommon):
    """What a receipt says, and when there is one."""

    def _render(self, record):
        """Return the text of the report, as Odoo's Print menu makes it."""
        name = {
            "payment.transaction": "payment_link_onetime.action_report_receipt",
            "payment.link": "payment_link_onetime.action_report_link_receipt",
        }[record._name]
        html, _type = record.env["ir.actions.report"]._render_qweb_html(
            name, record.ids
        )
        return re.sub(r"[ \n]+", " ", html.decode())

    def test_receipt_says_who_paid_what_to_whom(self):
        self.company.write(
            {"name": "Chairs & Co", "vat": "US12345671", "street": "1 Sawmill Lane"}
        )
        link = self._create_link(description="Two chairs for the porch")
        charge = self._pay(link)
        text = self._render(charge)
        for part in (
            "Receipt",
            "Chairs &amp; Co",
            "1 Sawmill Lane",
            "US12345671",
            "Ada Payer",
            link.reference,
            charge.reference,
            "Two chairs for the porch",
            "Garden chair",
            charge.payment_method_id.name,
            charge.provider_id.name,
            link._format_amount(100.0),
            link._format_time(charge.last_state_change),
        ):
            self.assertIn(part, text)
        self.assertNotIn("Refunded since", text)

    def test_receipt_of_a_link_is_that_of_its_payments(self):
        link = self._create_link()
        charge = self._pay(link)
        self.assertIn(charge.reference, self._render(link))

    def test_no_receipt_before_the_money_is_there(self):
        """Neither of a charge that was just begun, nor of one that is on its way."""
        self.provider.write({"support_manual_capture": "partial"})
        for state in ("draft", "pending", "authorized", "error"):
            link = self._create_standalone_link()
            charge = self._create_charge(link)
            if state != "draft":
                getattr(charge, f"_set_{state}")(
                    *(["declined"] if state == "error" else [])
                )
            with self.subTest(state=state):
                self.assertEqual(charge.state, state)
                for record in (charge, link):
                    with self.assertRaisesRegex(UserError, "no money was received"):
                        self._render(record)

    def test_no_receipt_of_what_no_link_brought(self):
        with self.assertRaisesRegex(UserError, "was not paid with a payment link"):
            self._render(self._create_transaction("direct", state="done"))

    def test_receipt_tells_what_was_refunded_since(self):
        self.provider.support_refund = "partial"
        link = self._create_link()
        charge = self._pay(link)
        refund = charge._create_child_transaction(40.0, is_refund=True)
        self.assertNotIn("Refunded since", self._render(charge))  # Not done yet.
        refund._set_done()
        text = self._render(charge)
        for part in (refund.reference, "Refunded since", link._format_amount(60.0)):
            self.assertIn(part, text)
        # Printed from the refund's own form, it is the same receipt.
        self.assertIn(charge.reference, self._render(refund))

    def test_C2_receipt_of_what_was_captured_in_parts(self):
        self.provider.support_manual_capture = "partial"
        link = self._create_link()
        charge = self._create_charge(link)
        charge._set_authorized()
        part = charge._create_child_transaction(40.0)
        part._set_done()
        text = self._render(charge)
        self.assertIn(link._format_amount(40.0), text)
        self.assertNotIn(link._format_amount(100.0), text)

    def test_receipt_speaks_the_customers_language_and_knows_the_companys_time(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.customer.lang = "fr_FR"
        self.company.partner_id.tz = "Asia/Tokyo"
        link = self._create_link()
        charge = self._create_charge(link)
        with freeze_time("2026-03-01 20:00:00"):
            charge._set_done()
        text = self._render(charge)
        self.assertIn("100,00", text)
        self.assertIn("2 mars 2026, 05:00 (Asia/Tokyo)", text)

    def test_G1_receipt_of_a_link_leaves_out_what_was_paid_beyond_it(self):
        link = self._create_link()
        charges = self._create_charge(link) | self._create_charge(link)
        for charge in charges:
            charge._set_done()
        text = self._render(link)
        self.assertIn(charges[0].reference, text)
        self.assertNotIn(charges[1].reference, text)
        self.assertIn(charges[1].reference, self._render(charges[1]))

    def test_button_on_the_link(self):
        link = self._create_link()
        with self.assertRaisesRegex(UserError, "no money was received"):
            link.action_print_receipt()
        self._pay(link)
        salesperson = self._create_user(
            "seller", "sales_team.group_sale_salesman_all_leads"
        )
        action = link.with_user(salesperson).action_print_receipt()
        self.assertEqual(
            action["report_name"], "payment_link_onetime.report_link_receipt"
        )
        self.assertIn(link.code, self._render(link.with_user(salesperson)))

    def test_button_asks_nobody_for_a_layout(self):
        """Odoo does so before an administrator's first report."""
        self.company.external_report_layout_id = False
        link = self._create_link()
        self._pay(link)
        action = link.action_print_receipt()
        self.assertEqual(action["type"], "ir.actions.report")

    def test_rule_8_nobody_prints_what_he_may_not_read(self):
        link = self._create_link()
        charge = self._pay(link)
        nobody = self._create_user("nobody")
        for record in (charge, link):
            with self.assertRaises(AccessError), mute_logger("odoo.addons.base"):
                self._render(record.with_user(nobody))


@tagged("post_install", "-at_install")
class TestReceiptRoutes(PaymentLinkHttpCommon):
    """`GET /pay/<token>/receipt` and `/pay/<token>/receipt.pdf`."""

    def _get_receipt(self, link, **kwargs):
        return self.url_open(f"{link._get_page_path()}/receipt", **kwargs)

    def _pay_as_guest(self, link):
        """Pay in this browser, and let the provider settle it."""
        charge = self._get_charge(self._post_transaction(link))
        charge._set_done()
        self.env.invalidate_all()
        return charge

    def test_receipt_of_a_paid_link(self):
        link = self._create_link()
        charge = self._pay_as_guest(link)
        self.assertIn(f"{link._get_page_path()}/receipt", self._get_page(link).text)
        response = self._get_receipt(link)
        self.assertEqual(response.status_code, 200)
        self.assertIn(f"Receipt {charge.reference}", response.text)
        self.assertIn("Ada Payer", response.text)
        self.assertIn("no-store", response.headers["Cache-Control"])

    def test_receipt_for_whoever_has_the_address_of_a_paid_link(self):
        """Its page tells the same: what was paid, when and for what."""
        link = self._create_link()
        charge = self._pay(link)
        self.assertIn(charge.reference, self._get_receipt(link).text)

    def test_no_receipt_without_money(self):
        link = self._create_link()
        charge = self._get_charge(self._post_transaction(link))
        for state in ("draft", "pending"):
            if state != "draft":
                getattr(charge, f"_set_{state}")()
            with self.subTest(state=state):
                self.assertEqual(charge.state, state)
                for name in ("receipt", "receipt.pdf"):
                    response = self.url_open(f"{link._get_page_path()}/{name}")
                    self.assertEqual(response.status_code, 404)
                    self.assertIn("This page does not exist", response.text)
                self.assertNotIn("/receipt", self._get_page(link).text)

    def test_no_receipt_of_what_was_settled_elsewhere(self):
        link = self._create_standalone_link()
        link.action_cancel()
        self.assertEqual(self._get_receipt(link).status_code, 404)

    def test_rule_8_of_a_link_for_several_everybody_gets_his_own(self):
        link = self._create_standalone_link(max_payments=2)
        first = self._pay_as_guest(link)
        self.assertIn(first.reference, self._get_receipt(link).text)
        self.opener.cookies.clear()
        self.assertEqual(self._get_receipt(link).status_code, 404)
        self.assertNotIn("/receipt", self._get_page(link).text)
        second = self._pay_as_guest(link)
        text = self._get_receipt(link).text
        self.assertIn(second.reference, text)
        self.assertNotIn(first.reference, text)
        # Paid by all, it is still nobody's but the payers'.
        self.assertEqual(link.state, "completed")
        self.opener.cookies.clear()
        self.assertEqual(self._get_receipt(link).status_code, 404)
        self.assertNotIn("/receipt", self._get_page(link).text)

    def test_rule_8_of_an_instalment_the_payers_own_until_all_is_paid(self):
        link = self._create_standalone_link(
            500.0, allow_partial=True, minimum_percent=30.0
        )
        charge = self._get_charge(self._post_transaction(link, amount=200.0))
        charge._set_done()
        self.env.invalidate_all()
        self.assertIn("/receipt", self._get_page(link).text)
        self.assertIn(link._format_amount(200.0), self._get_receipt(link).text)
        self.opener.cookies.clear()
        self.assertEqual(self._get_receipt(link).status_code, 404)
        rest = self._get_charge(self._post_transaction(link, amount=300.0))
        rest._set_done()
        self.env.invalidate_all()
        self.opener.cookies.clear()
        text = self._get_receipt(link).text
        for part in (charge.reference, rest.reference, link._format_amount(500.0)):
            self.assertIn(part, text)

    def test_receipt_of_another_link_is_not_to_be_had(self):
        paid, unpaid = self._create_link(), self._create_standalone_link()
        self._pay_as_guest(paid)
        self.assertEqual(self._get_receipt(unpaid).status_code, 404)

    def test_receipt_does_not_name_who_paid_for_the_customer(self):
        link = self._create_link()
        charge = self._get_charge(
            self._post_transaction(link, payer_name="Charles Helper")
        )
        charge._set_done()
        self.env.invalidate_all()
        self.assertNotIn("Charles Helper", self._get_receipt(link).text)

    def test_pdf_where_none_can_be_made_is_the_page(self):
        """wkhtmltopdf is missing, or fails: the payer gets the receipt all the same."""
        link = self._create_link()
        self._pay_as_guest(link)
        path = f"{link._get_page_path()}/receipt.pdf"
        report = self.env.registry["ir.actions.report"]
        with patch.object(report, "get_wkhtmltopdf_state", lambda self: "install"):
            self.assertIn(
                f'{link._get_page_path()}/receipt"', self._get_page(link).text
            )
            self.assertTrue(self.url_open(path).url.endswith("/receipt"))

        def fail(*_args, **_kwargs):
            raise UserError("Wkhtmltopdf failed")  # pylint: disable=translation-required

        with (
            patch.object(report, "get_wkhtmltopdf_state", lambda self: "ok"),
            patch.object(report, "_run_wkhtmltopdf", fail),
            self.assertLogs("odoo.addons.payment_link_onetime", "WARNING") as logs,
        ):
            response = self.url_open(path)
        self.assertEqual(response.status_code, 200)
        self.assertTrue(response.url.endswith("/receipt"))
        self.assertNotIn(link.access_token, str(logs.output))
