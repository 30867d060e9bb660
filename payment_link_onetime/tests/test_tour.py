import base64
import io
import re

from PIL import Image

from odoo import Command
from odoo.tests import HttpCase, tagged
from odoo.tools import html2plaintext


@tagged("post_install", "-at_install")
class TestTour(HttpCase):
    """The journeys that matter, in a browser, with Odoo's demo provider."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.provider = cls.env.ref("payment.payment_provider_demo")
        others = cls.env["payment.provider"].search(
            [("company_id", "=", cls.provider.company_id.id)]
        )
        (others - cls.provider).state = "disabled"
        cls.provider.write({"state": "test", "is_published": True})
        cls.customer = cls.env["res.partner"].create(
            {"name": "Ada Payer", "email": "ada.payer@example.com", "lang": "en_US"}
        )
        product = cls.env["product.product"].create({"name": "Garden chair"})
        cls.order = cls.env["sale.order"].create(
            {
                "partner_id": cls.customer.id,
                "order_line": [
                    Command.create(
                        {
                            "product_id": product.id,
                            "product_uom_qty": 2,
                            "price_unit": 50.0,
                            "tax_ids": [Command.clear()],
                        }
                    )
                ],
            }
        )
        cls.order_path = f"/odoo/sales/{cls.order.id}"

    def _run_jobs(self):
        for name in ("cron_book", "cron_send_order_mails"):
            self.env.ref(f"payment_link_onetime.{name}").method_direct_trigger()
        self.env.invalidate_all()

    def _read_chatter(self, record):
        """Return what the chatter of a record says, as one text."""
        bodies = [html2plaintext(body) for body in record.message_ids.mapped("body")]
        return "\n".join(bodies)

    def _read_url_from_mail(self, link):
        """Return the path of the pay URL, out of the mail that the customer gets."""
        mail = self.env["mail.mail"].search(
            [("model", "=", "payment.link"), ("res_id", "=", link.id)]
        )
        self.assertEqual(len(mail), 1)
        self.assertIn(self.customer, mail.recipient_ids)
        self.assertIn("100.00", html2plaintext(mail.body_html))
        urls = set(re.findall(r'href="([^"]*/pay/[^"]*)"', mail.body_html))
        url = f"{link.url}?via=email"
        self.assertEqual(urls, {url})
        return url.replace(link.get_base_url(), "")

    def test_F1_E5_from_a_quote_to_money_in_the_books(self):
        """The whole main job: quote, send, mail, guest pays, confirmed, booked."""
        self.start_tour(self.order_path, "payment_link_send", login="admin")
        link = self.order.payment_link_ids
        self.assertEqual(len(link), 1)
        self.assertEqual(self.order.state, "sent")
        self.assertIn("sent", link.event_ids.mapped("type"))
        sent = f"over {link._format_amount(100.0)} sent to {self.customer.email}"
        self.assertIn(sent, self._read_chatter(self.order))

        self.start_tour(self._read_url_from_mail(link), "payment_link_pay")
        self.env.invalidate_all()
        self.assertEqual((link.state, link.payment_status), ("completed", "paid"))
        self.assertTrue(link.first_opened_at)

        self._run_jobs()
        self.assertEqual(self.order.state, "sale")
        payment = self.env["account.payment"].search(
            [("payment_transaction_id.payment_link_id", "=", link.id)]
        )
        self.assertEqual(len(payment), 1)
        self.assertIn(payment.state, ("in_process", "paid"))
        self.assertEqual(payment.amount, 100.0)
        self.assertIn(link.reference, payment.memo)
        self.assertEqual(payment.move_id.state, "posted")
        self.assertIn("Payment status: Paid", self._read_chatter(link))
        self.assertIn(link.code, self._read_chatter(self.order))

    def test_B12_E1_get_the_link_and_its_qr_code(self):
        import zxingcpp  # A scanner that shares no code with what made the image.

        self.start_tour(self.order_path, "payment_link_get", login="admin")
        link = self.order.payment_link_ids
        self.assertNotIn("sent", link.event_ids.mapped("type"))
        image = Image.open(io.BytesIO(base64.b64decode(link.qr_code)))
        self.assertEqual(zxingcpp.read_barcode(image).text, link.url)

    def test_A16_pay_again_after_a_failure(self):
        link = self.env["payment.link"].create({"sale_order_id": self.order.id})
        self.start_tour(link._get_page_path(), "payment_link_pay_again_after_failure")
        self.env.invalidate_all()
        self.assertEqual(link.state, "completed")
        self.assertEqual(
            link.transaction_ids.sorted("id").mapped("state"), ["error", "done"]
        )

    def test_A9_pending_payment_on_a_phone(self):
        self.browser_size = "390x844"
        self.touch_enabled = True
        link = self.env["payment.link"].create(
            {"amount": 42.0, "company_id": self.provider.company_id.id}
        )
        self.start_tour(link._get_page_path(), "payment_link_pay_pending")
        self.env.invalidate_all()
        self.assertEqual((link.state, link.payment_status), ("open", "processing"))
