from contextlib import contextmanager

from odoo.tests import JsonRpcException, tagged
from odoo.tools import mute_logger

from .common import PaymentLinkHttpCommon
from .document_common import PaymentLinkDocumentCommon


@tagged("post_install", "-at_install")
class TestDocumentPage(PaymentLinkDocumentCommon, PaymentLinkHttpCommon):
    """G4: what visitors of a link read when its document has changed."""

    def _assert_closed_page(self, link, text, status=410):
        response = self._get_page(link)
        self.assertEqual(response.status_code, status)
        self.assertIn(text, response.text)
        self.assertNotIn("o_payment_submit_button", response.text)
        with self._assert_charge_refused():
            self._post_transaction(link)
        self.assertFalse(link.transaction_ids)
        return response.text

    @contextmanager
    def _assert_charge_refused(self):
        with (
            self.assertRaises(JsonRpcException) as error,
            mute_logger("odoo.http"),
        ):
            yield
        self.assertIn("UserError", str(error.exception))

    def test_G4_cancelled_document_is_explained(self):
        link = self._create_link()
        self.order._action_cancel()
        self._commit()
        text = self._assert_closed_page(link, "This payment link was cancelled.")
        self.assertIn("What it was for has been cancelled.", text)
        self.assertNotIn("Go to the new payment link", text)

    def test_G4_changed_amount_is_explained_with_the_way_to_the_new_link(self):
        link = self._create_link()
        self.order.order_line.product_uom_qty = 3.0
        self._commit()
        text = self._assert_closed_page(link, "The amount of this payment has changed.")
        self.assertIn("for a new payment link", text)
        self.assertNotIn("Go to the new payment link", text)

        new_link = self._create_link()
        text = self._assert_closed_page(link, "The amount of this payment has changed.")
        self.assertIn(f'href="{new_link._get_page_path()}"', text)
        self.assertNotIn("for a new payment link", text)

        new_link.action_cancel()
        text = self._assert_closed_page(link, "The amount of this payment has changed.")
        self.assertNotIn(new_link.access_token, text)

    def test_A6_settled_elsewhere(self):
        invoice = self._create_invoice()
        link = self._create_invoice_link(invoice)
        self._pay_by_wire(invoice)
        self._assert_closed_page(
            link, "This payment has already been completed", status=200
        )

    def test_G4_invoice_that_is_being_worked_on(self):
        invoice = self._create_invoice()
        link = self._create_invoice_link(invoice)
        invoice.button_draft()
        self._commit()
        self._assert_closed_page(link, "This cannot be paid at the moment.", status=200)
        invoice.action_post()
        self._commit()
        self.assertIn("o_payment_submit_button", self._get_page(link).text)

    def test_rule_13_page_and_charge_ask_for_what_is_left(self):
        invoice = self._create_invoice()
        link = self._create_invoice_link(invoice)
        self._pay_by_wire(invoice, 40.0)
        self.assertIn("60.00", self._get_page(link).text)
        with self._assert_charge_refused():
            self._post_transaction(link, amount=100.0)
        values = self._post_transaction(link, amount=60.0)
        self.assertEqual(self._get_charge(values).amount, 60.0)

    def test_B11_invoice_is_paid_through_the_page(self):
        invoices = self._create_invoice(60.0) | self._create_invoice(40.0)
        link = self._create_invoice_link(invoices)
        self.assertIn(invoices[0].name, self._get_page(link).text)
        charge = self._get_charge(self._post_transaction(link))
        charge._set_done()
        self._commit()
        self.assertIn("already been completed", self._get_page(link).text)
        self._run_jobs()
        self._assert_paid(invoices)

    def test_early_payment_discount_at_the_page(self):
        invoice = self._create_invoice(
            invoice_payment_term_id=self._create_discount_term().id
        )
        link = self._create_invoice_link(invoice)
        self.assertIn("98.00", self._get_page(link).text)
        charge = self._get_charge(self._post_transaction(link, amount=98.0))
        charge._set_done()
        self._commit()
        self._run_jobs()
        self._assert_paid(invoice)
        text = self._get_page(link).text
        self.assertIn("already been completed", text)
        self.assertIn("98.00", text)

    def test_new_link_of_somebody_else_is_not_given_away(self):
        """Rule 8: the customer has changed, and so has who may see the amount."""
        link = self._create_link()
        self.order.write({"partner_id": self.partner.id})
        self.order.partner_invoice_id = self.partner
        self._commit()
        new_link = self._create_link()
        text = self._assert_closed_page(link, "This payment link was cancelled.")
        self.assertNotIn(new_link.access_token, text)
