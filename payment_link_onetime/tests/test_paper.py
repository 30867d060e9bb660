from datetime import date, timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .document_common import PaymentLinkDocumentCommon

SCAN = "Scan to pay"


@tagged("post_install", "-at_install")
class TestPaper(PaymentLinkDocumentCommon):
    """D3: the QR code on quotations and invoices, and the poster.

    What a scanner reads from the PDFs is in `e2e/test_paper.py`.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._switch(True)

    @classmethod
    def _switch(cls, is_on):
        cls.company.write(
            {"payment_link_on_quotation": is_on, "payment_link_on_invoice": is_on}
        )

    def _render(self, document, **context):
        """Return the text of the document's report."""
        name = {
            "sale.order": "sale.action_report_saleorder",
            "account.move": "account.account_invoices",
            "payment.link": "payment_link_onetime.action_report_poster",
        }[document._name]
        reports = document.env["ir.actions.report"].with_context(**context)
        html, _type = reports._render_qweb_html(name, document.ids)
        return html.decode()

    def _assert_shown(self, link, document=None):
        document = document or link._get_document()
        self.assertEqual(document._payment_link_get_paper_link(), link)
        text = self._render(document)
        self.assertEqual(text.count(SCAN), 1)
        self.assertIn(link.url, text)

    def _assert_not_shown(self, document):
        self.assertFalse(document._payment_link_get_paper_link())
        self.assertNotIn(SCAN, self._render(document))

    # --- which code -------------------------------------------------------------------

    def test_code_of_the_open_link(self):
        self._assert_shown(self._create_link(amount=30.0))
        invoice = self._create_invoice()
        self._assert_shown(self._create_invoice_link(invoice))

    def test_amount_and_expiry_beside_the_code(self):
        link = self._create_link(amount=30.0)
        text = self._render(self.order)
        self.assertIn(link._format_amount(30.0), text)
        self.assertIn(link._format_time(link.expires_at), text)

    def test_switched_off_no_code(self):
        self._switch(False)
        self._create_link()
        self._assert_not_shown(self.order)
        invoice = self._create_invoice()
        self._create_invoice_link(invoice)
        self._assert_not_shown(invoice)

    def test_each_switch_is_for_its_own_paper(self):
        self.company.payment_link_on_quotation = False
        self._create_link()
        self._assert_not_shown(self.order)
        invoice = self._create_invoice()
        self._assert_shown(self._create_invoice_link(invoice))

    def test_switches_are_off_at_first(self):
        company = self.env["res.company"].create({"name": "Another"})
        self.assertFalse(company.payment_link_on_quotation)
        self.assertFalse(company.payment_link_on_invoice)

    def test_settings_switch_both(self):
        self._switch(False)
        with Form(self.env["res.config.settings"]) as settings:
            settings.payment_link_on_quotation = True
            settings.payment_link_on_invoice = True
        settings.save().execute()
        self.assertTrue(self.company.payment_link_on_quotation)
        self.assertTrue(self.company.payment_link_on_invoice)

    def test_newest_of_several(self):
        self._create_link(amount=30.0)
        newest = self._create_link(amount=40.0)
        self._assert_shown(newest)

    def test_no_code_that_nobody_can_pay(self):
        """Cancelled, expired, being paid, on its way, paid."""
        link = self._create_link(amount=30.0)
        link.action_cancel()
        self._assert_not_shown(self.order)
        link = self._create_link(amount=30.0)
        with freeze_time(link.expires_at + timedelta(seconds=1)):
            self._assert_not_shown(self.order)
        charge = self._create_charge(link)
        self._assert_not_shown(self.order)
        charge._set_pending()
        self._assert_not_shown(self.order)
        charge._set_done()
        self._assert_not_shown(self.order)

    def test_no_code_on_a_cancelled_document(self):
        invoice = self._create_invoice()
        self._create_invoice_link(invoice)
        invoice.button_draft()
        self._assert_not_shown(invoice)
        invoice.button_cancel()
        self._assert_not_shown(invoice)

    def test_link_for_several_invoices_is_on_none_of_them(self):
        """Whoever reads one of them would be asked for more than it says."""
        invoices = self._create_invoice(100.0) | self._create_invoice(50.0)
        self._create_invoice_link(invoices)
        for invoice in invoices:
            self._assert_not_shown(invoice)

    def test_link_of_an_order_is_on_its_invoice(self):
        """It asks for the same money: no other one can be made."""
        link = self._create_link()
        invoice = self._invoice_order()
        self._assert_shown(link, invoice)

    def test_no_code_on_a_credit_note(self):
        invoice = self._create_invoice(move_type="out_refund")
        self._assert_not_shown(invoice)
        invoice.action_print_pdf()
        self.assertFalse(invoice.payment_link_ids)

    def test_one_code_for_the_same_money(self):
        """Odoo's own code leads to its portal: it stays where there is no other."""
        self.company.link_qr_code = True
        invoice = self._create_invoice()
        portal_qr = patch.object(
            type(invoice), "_generate_portal_payment_qr", lambda self: "data:,"
        )
        with portal_qr:
            self.assertIn("PAY IN A FLASH", self._render(invoice))
            self._create_invoice_link(invoice)
            text = self._render(invoice)
        self.assertNotIn("PAY IN A FLASH", text)
        self.assertEqual(text.count(SCAN), 1)

    def test_text_speaks_the_customers_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.customer.lang = "fr_FR"
        self._create_link(amount=30.0)
        self.assertIn("30,00", self._render(self.order))

    def test_customer_at_the_portal_sees_the_code(self):
        """Odoo makes the portal's PDF in the name of a guest."""
        link = self._create_link()
        public_user = self.env.ref("base.public_user")
        order = self.order.with_user(public_user).sudo()
        self.assertIn(link.url, self._render(order))

    # --- when a link is made ----------------------------------------------------------

    def test_quotation_that_is_sent_gets_a_link(self):
        self.order.write({"require_payment": True, "prepayment_percent": 0.25})
        self.order.action_quotation_send()
        link = self.order.payment_link_ids
        self.assertEqual(link.amount, 25.0)
        self._assert_shown(link)
        self.order.action_quotation_send()
        self.assertEqual(self.order.payment_link_ids, link)

    def test_quotation_that_is_marked_as_sent_gets_a_link(self):
        self.order.action_quotation_sent()
        self.assertEqual(self.order.payment_link_ids.amount, 100.0)

    def test_quotation_that_changes_gets_another_link_when_it_is_sent_again(self):
        self.order.action_quotation_send()
        old = self.order.payment_link_ids
        self.order.order_line.product_uom_qty = 3
        self._commit()
        self._assert_not_shown(self.order)
        self.order.action_quotation_send()
        self._assert_shown(self.order.payment_link_ids - old)

    def test_invoice_that_is_printed_gets_a_link(self):
        invoice = self._create_invoice()
        invoice.action_print_pdf()
        self._assert_shown(invoice.payment_link_ids)

    def test_invoice_that_is_sent_gets_a_link(self):
        invoice = self._create_invoice()
        self.env["account.move.send"]._generate_and_send_invoices(
            invoice, sending_methods=["manual"]
        )
        self._assert_shown(invoice.payment_link_ids)

    def test_link_lasts_as_long_as_the_document(self):
        self.company.payment_link_expiry_days = 10
        due = date.today() + timedelta(days=60)
        invoice = self._create_invoice(invoice_date_due=due, post=False)
        invoice.invoice_payment_term_id = False
        invoice.invoice_date_due = due
        invoice.action_post()
        invoice.action_print_pdf()
        link = invoice.payment_link_ids
        self.assertEqual(
            link.expires_at, self.company._get_payment_link_end_of_day(due)
        )
        self.company.payment_link_expiry_days = 0
        other = self._create_invoice()
        other.action_print_pdf()
        self.assertFalse(other.payment_link_ids.expires_at)

    def test_rule_7_making_a_pdf_makes_no_link(self):
        invoice = self._create_invoice()
        self._render(invoice)
        self._render(self.order)
        self.assertFalse(invoice.payment_link_ids or self.order.payment_link_ids)

    def test_switched_off_no_link_is_made(self):
        self._switch(False)
        invoice = self._create_invoice()
        invoice.action_print_pdf()
        self.order.action_quotation_send()
        self.order.action_quotation_sent()
        self.assertFalse(invoice.payment_link_ids or self.order.payment_link_ids)

    def test_rule_13_what_is_asked_for_already_gets_no_second_link(self):
        link = self._create_link()
        self.order.action_quotation_send()
        invoice = self._invoice_order()
        invoice.action_print_pdf()
        self.assertEqual(self.order.payment_link_ids | invoice.payment_link_ids, link)

    def test_paid_invoice_is_printed_without_a_code(self):
        invoice = self._create_invoice()
        self._pay_by_wire(invoice)
        invoice.action_print_pdf()
        self.assertFalse(invoice.payment_link_ids)
        self._assert_not_shown(invoice)

    def test_what_cannot_be_asked_for_is_sent_all_the_same(self):
        """A quotation over nothing, a lapsed one, an invoice that is no one's."""
        self.order.order_line.price_unit = 0.0
        self.order.action_quotation_send()
        self.assertFalse(self.order.payment_link_ids)
        lapsed = self._create_order(validity_date=date.today() - timedelta(days=1))
        lapsed.action_quotation_send()
        self.assertFalse(lapsed.payment_link_ids)
        invoice = self._create_invoice()
        with patch.object(
            type(invoice), "_payment_link_check", side_effect=UserError("No.")
        ):
            invoice.action_print_pdf()
        self.assertFalse(invoice.payment_link_ids)

    def test_bookkeeper_without_rights_on_links_prints_as_before(self):
        invoice = self._create_invoice()
        bookkeeper = self._create_user("bookkeeper", "account.group_account_readonly")
        invoice.with_user(bookkeeper).action_print_pdf()
        self._assert_shown(invoice.sudo().payment_link_ids)

    # --- the poster -------------------------------------------------------------------

    def test_poster_says_what_to_pay_for_what_until_when(self):
        link = self._create_link(amount=30.0, description="Two chairs for the porch")
        text = self._render(link)
        for part in (
            SCAN,
            self.company.name,
            link.reference,
            "Two chairs for the porch",
            link._format_amount(30.0),
            link._format_time(link.expires_at),
        ):
            self.assertIn(part, text)
        self.assertIn(f"/{link.id}", link.action_print_poster()["url"])

    def test_poster_of_a_closed_link_is_refused(self):
        link = self._create_link()
        link.action_cancel()
        with self.assertRaisesRegex(UserError, "it was cancelled"):
            self._render(link)

    def test_rule_8_poster_is_for_those_who_may_read_the_link(self):
        link = self._create_link()
        nobody = self._create_user("nobody")
        with self.assertRaises(AccessError), mute_logger("odoo.addons.base"):
            self._render(link.with_user(nobody))
