import re

from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import PaymentLinkCommon


@tagged("post_install", "-at_install")
class TestReceipt(PaymentLinkCommon):
    """What a receipt says, and when there is one."""

    def _render(self, record):
        """Return the text of the report, as Odoo's Print menu makes it."""
        name = {
            "payment.transaction": "payment_link_onetime.action_report_receipt",
            "payment.link": "payment_link_onetime.action_report_link_receipt",
        }[record._name]
        html, _type = self.env["ir.actions.report"]._render_qweb_html(name, record.ids)
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
