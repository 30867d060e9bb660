from datetime import timedelta

from freezegun import freeze_time

from odoo import Command, fields
from odoo.exceptions import UserError

from .document_common import PaymentLinkDocumentCommon


class TestInvoiceTerms(PaymentLinkDocumentCommon):
    """D2, F5: when invoices are due and with which discount, and what was paid before."""

    # === PAYMENT TERMS === #

    def test_D2_next_instalment(self):
        term = self._create_payment_term(0, 30, 60, 90)
        invoice = self._create_invoice(
            invoice_payment_term_id=term.id,
            invoice_date=fields.Date.today() + timedelta(days=1),
        )
        dialog = self._open_dialog(invoice)
        self.assertEqual(dialog.amount, 100.0)
        self.assertIn("installment", dialog.amount_options)
        dialog.amount_option = "installment"
        self.assertEqual(dialog.amount, 25.0)
        dialog.save().action_create_link()
        link = invoice.payment_link_ids
        self._pay(link)
        self._commit()
        self._run_jobs()
        self.assertEqual(invoice.amount_residual, 75.0)
        terms = invoice.line_ids.filtered(lambda line: line.date_maturity).sorted(
            "date_maturity"
        )
        self.assertEqual(terms.mapped("amount_residual"), [0.0, 25.0, 25.0, 25.0])

    def test_D2_what_is_overdue(self):
        term = self._create_payment_term(0, 30, 60, 90)
        invoice = self._create_invoice(
            invoice_payment_term_id=term.id,
            invoice_date=fields.Date.today() - timedelta(days=45),
        )
        dialog = self._open_dialog(invoice)
        dialog.amount_option = "installment"
        self.assertEqual(dialog.amount, 50.0)

    def test_no_instalments_no_choice(self):
        dialog = self._open_dialog(self._create_invoice())
        self.assertEqual(dialog.amount_options, "due,percentage,fixed")

    # === EARLY PAYMENT DISCOUNT === #

    def test_early_payment_discount(self):
        """The page asks for less while the discount lasts, and all is closed."""
        for computation in ("included", "excluded", "mixed"):
            with self.subTest(computation=computation):
                taxes = self.env["account.tax"]
                for percent in (10.0, 5.0):
                    taxes |= self.env["account.tax"].create(
                        {
                            "name": f"{computation} {percent}",
                            "amount": percent,
                            "company_id": self.company.id,
                        }
                    )
                invoice = self._create_invoice(
                    invoice_payment_term_id=self._create_discount_term(computation).id,
                    invoice_line_ids=[
                        Command.create(
                            {
                                "product_id": self.product.id,
                                "price_unit": 100.0,
                                "tax_ids": [Command.set(tax.ids)],
                            }
                        )
                        for tax in taxes
                    ],
                )
                values = invoice._get_invoice_next_payment_values()
                self.assertEqual(values["installment_state"], "epd")
                dialog = self._open_dialog(invoice)
                self.assertIn("Early payment discount", dialog.discount_text)
                dialog.save().action_create_link()
                link = invoice.payment_link_ids
                self.assertEqual(link.amount, invoice.amount_total)
                self.assertEqual(link._get_amount_to_pay(), values["amount_due"])
                self.assertLess(link._get_amount_to_pay(), link.amount)
                charge = self._pay(link)
                self.assertEqual(
                    (link.state, link.payment_status), ("completed", "paid")
                )
                self._commit()
                self._run_jobs()
                self.assertEqual(charge.payment_id.amount, values["amount_due"])
                self._assert_paid(invoice)
                self.assertEqual(link.amount_surplus, 0.0)

    def test_early_payment_discount_ends(self):
        invoice = self._create_discounted_invoice()
        link = self._create_invoice_link(invoice)
        self.assertEqual(link._get_amount_to_pay(), 98.0)
        with freeze_time(fields.Datetime.now() + timedelta(days=11)):
            self.assertEqual(link._get_amount_to_pay(), 100.0)
            with self.assertRaisesRegex(UserError, "is .*100.00 now"):
                link._claim(self.payer_key, displayed_amount=98.0)
            self._pay(link)
            self._commit()
            self._run_jobs()
        self._assert_paid(invoice)
        self.assertEqual(link.amount_paid, 100.0)

    def test_early_payment_that_settles_late_has_the_discount(self):
        """A bank transfer takes days: who started in time paid in time."""
        invoice = self._create_discounted_invoice()
        link = self._create_invoice_link(invoice)
        charge = self._create_charge(link)
        charge._set_pending()
        with freeze_time(fields.Datetime.now() + timedelta(days=14)):
            self.assertEqual(link._get_page_state(), "processing")
            charge._set_done()
            self.assertEqual(link.state, "completed")
            self._commit()
            self._run_jobs()
        self.assertEqual(charge.payment_id.amount, 98.0)
        self._assert_paid(invoice)

    def test_early_payment_discount_of_several_invoices(self):
        invoices = self._create_discounted_invoice() | self._create_invoice(40.0)
        invoices |= self._create_discounted_invoice()
        link = self._create_invoice_link(invoices)
        self.assertEqual((link.amount, link._get_amount_to_pay()), (240.0, 236.0))
        self._pay(link)
        self._commit()
        self._run_jobs()
        self._assert_paid(invoices)
        self.assertEqual(len(link.payment_ids), 1)
        self.assertEqual(link.state, "completed")

    def test_part_of_a_discounted_invoice_has_no_discount(self):
        invoice = self._create_discounted_invoice()
        link = self._create_invoice_link(invoice, amount=50.0)
        self.assertEqual(link._get_amount_to_pay(), 50.0)
        self._pay(link)
        self._commit()
        self._run_jobs()
        self.assertEqual(invoice.amount_residual, 50.0)
        self.assertEqual(invoice._payment_link_get_due_amount(), 50.0)

    def test_rule_13_discount_supersedes_nothing(self):
        invoice = self._create_discounted_invoice()
        links = [self._create_invoice_link(invoice, amount=50.0) for _i in range(2)]
        invoice.narration = "touched"
        invoice._payment_link_follow()
        self.assertEqual([link.state for link in links], ["open", "open"])

    def _create_discounted_invoice(self):
        term = self._create_discount_term()
        return self._create_invoice(invoice_payment_term_id=term.id)

    # === AFTER THE ORDER WAS PAID === #

    def test_invoice_after_the_order_was_paid(self):
        """Quote, link, paid, invoiced: reconciled, as Odoo does for its own payments."""
        link = self._create_link()
        self._pay(link)
        self._commit()
        self._run_jobs()
        self.assertEqual(self.order.state, "sale")
        self.order.order_line.qty_delivered = 2
        invoice = self.order._create_invoices()
        self.assertEqual(invoice.transaction_ids, link.transaction_ids)
        invoice.action_post()
        self._assert_paid(invoice)
        self.assertEqual(self.order._payment_link_get_due_amount(), 0.0)
        self._assert_refused(invoice, "Nothing is due")

    def test_invoice_after_a_down_payment(self):
        self.order.write({"require_payment": True, "prepayment_percent": 0.3})
        self._pay(self._create_link(amount=30.0))
        self._commit()
        self._run_jobs()
        self.order.order_line.qty_delivered = 2
        invoice = self.order._create_invoices()
        invoice.action_post()
        self.assertEqual(invoice.amount_residual, 70.0)
        link = self._create_invoice_link(invoice)
        self.assertEqual(link.amount, 70.0)
        self._pay(link)
        self._commit()
        self._run_jobs()
        self._assert_paid(invoice)
        self.assertEqual(self.order._payment_link_get_due_amount(), 0.0)

    def test_invoice_before_the_charge_is_booked(self):
        """The job that books comes after the invoice: no matter."""
        self.order.action_confirm()
        link = self._create_link()
        self._pay(link)
        self.order.order_line.qty_delivered = 2
        invoice = self.order._create_invoices()
        invoice.action_post()
        self.assertEqual(invoice._payment_link_get_due_amount(), 0.0)
        self._commit()
        self._run_jobs()
        self._assert_paid(invoice)

    def test_F5_automatic_invoice_of_a_down_payment(self):
        self.env["ir.config_parameter"].set_param("sale.automatic_invoice", "True")
        self.order.write({"require_payment": True, "prepayment_percent": 0.3})
        self.product.invoice_policy = "order"
        self._pay(self._create_link(amount=30.0))
        self._commit()
        self._run_jobs()
        down_payment = self.order.invoice_ids
        self.assertEqual(down_payment.amount_total, 30.0)
        self._assert_paid(down_payment)
        self._pay(self._create_link())
        self._commit()
        self._run_jobs()
        self._assert_paid(self.order.invoice_ids)
        self.assertEqual(sum(self.order.invoice_ids.mapped("amount_total")), 100.0)

    def test_F5_automatic_invoice_of_an_order_that_is_invoiced(self):
        """Odoo finds nothing to invoice, and would forget what is to be reconciled."""
        self.env["ir.config_parameter"].set_param("sale.automatic_invoice", "True")
        link = self._create_link()
        invoice = self._invoice_order()
        self._pay(link)
        self._commit()
        self._run_jobs()
        self._assert_paid(invoice)

    def test_F5_signature_rule(self):
        """As at Odoo's own door, a payment confirms a quote that was not signed."""
        self.order.write(
            {
                "require_signature": True,
                "require_payment": True,
                "prepayment_percent": 1.0,
            }
        )
        self._pay(self._create_link(amount=50.0))
        self._commit()
        self._run_jobs()
        self.assertNotEqual(self.order.state, "sale")
        self._pay(self._create_link())
        self._commit()
        self._run_jobs()
        self.assertEqual(self.order.state, "sale")
        self.assertFalse(self.order.signature)
