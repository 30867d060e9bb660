from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError, ValidationError

from odoo.addons.mail.tests.common import MailCase

from .document_common import PaymentLinkDocumentCommon


class TestInvoice(PaymentLinkDocumentCommon, MailCase):
    """B11, D6, G5: links on invoices."""

    # === SENT === #

    def test_D6_button_on_an_invoice(self):
        """One click, a short dialog, done: sent, logged, counted."""
        accountant = self._create_user(
            "accountant",
            "account.group_account_invoice",
            email="accountant@example.com",
        )
        invoice = self._create_invoice()
        self.assertTrue(invoice.is_payment_link_payable)
        dialog = self._open_dialog(invoice, accountant)
        self.assertEqual(dialog.amount_option, "due")
        self.assertEqual((dialog.amount, dialog.available_amount), (100.0, 100.0))
        self.assertEqual(dialog.partner_id, self.customer)
        with self.mock_mail_gateway():
            dialog.save().action_send()
        link = invoice.payment_link_ids
        self.assertEqual((link.amount, link.reference), (100.0, invoice.name))
        self.assertEqual(link.partner_id, self.customer)
        self.assertEqual(invoice.payment_link_count, 1)
        salesperson = invoice.invoice_user_id
        self.assertSentEmail(salesperson.email_formatted, [self.customer])
        note = invoice.message_ids[0].body
        self.assertIn(f'data-oe-id="{link.id}"', note)
        self.assertNotIn("/pay/", note)
        action = invoice.action_view_payment_links()
        self.assertEqual(action["res_id"], link.id)
        self.assertEqual(link.action_view_document()["res_id"], invoice.id)

    def test_salesperson_sends_no_links_on_invoices_of_others(self):
        seller = self._create_user("seller", "sales_team.group_sale_salesman")
        invoice = self._create_invoice(invoice_user_id=self.env.user.id)
        with self.assertRaises(AccessError):
            self.env["payment.link"].with_user(seller).create(
                {"invoice_ids": [Command.set(invoice.ids)]}
            )

    def test_E4_lines_of_all_invoices(self):
        invoices = self._create_invoice(60.0) | self._create_invoice(40.0)
        link = self._create_invoice_link(invoices)
        self.assertEqual(sorted(link.line_ids.mapped("amount_total")), [40.0, 60.0])
        self.assertEqual((link.amount_total, link.document_amount), (100.0, 100.0))

    def test_open_link_is_sent_again(self):
        """All is asked for already: the dialog shows that link, and makes no other."""
        invoice = self._create_invoice()
        link = self._create_invoice_link(invoice)
        dialog = self._open_dialog(invoice)
        self.assertEqual((dialog.link_id, dialog.amount), (link, 100.0))

    def test_rest_beside_open_links(self):
        invoices = self._create_invoice(60.0) | self._create_invoice(40.0)
        self._create_invoice_link(invoices[0], amount=25.0)
        dialog = self._open_dialog(invoices)
        self.assertEqual((dialog.available_amount, dialog.amount), (75.0, 75.0))
        with self.assertRaisesRegex(ValidationError, "would ask too much"):
            self._create_invoice_link(invoices, amount=75.01)
        dialog.save().action_create_link()
        with self.assertRaisesRegex(ValidationError, "nothing to ask for"):
            self._create_invoice_link(invoices[0])

    # === SEVERAL ON ONE LINK === #

    def test_G5_several_invoices_on_one_link(self):
        invoices = self._create_invoice(60.0) | self._create_invoice(40.0)
        dialog = self._open_dialog(invoices[::-1])
        self.assertEqual(dialog.amount, 100.0)
        with self.mock_mail_gateway():
            dialog.save().action_send()
        link = invoices.payment_link_ids
        self.assertEqual(len(link), 1)
        self.assertEqual(link.invoice_ids, invoices)
        self.assertEqual(link.reference, ", ".join(invoices.mapped("name")))
        self.assertEqual(link.line_ids.mapped("description"), invoices.mapped("name"))
        self.assertEqual(link.invoice_count, 2)
        for invoice in invoices:
            self.assertIn(f'data-oe-id="{link.id}"', invoice.message_ids[0].body)
        self.assertEqual(
            link.action_view_document()["domain"], [("id", "in", invoices[::-1].ids)]
        )
        self._pay(link)
        self._commit()
        self._run_jobs()
        self._assert_paid(invoices)
        self.assertEqual(len(link.payment_ids), 1)
        self.assertEqual(link.state, "completed")

    def test_G5_part_of_the_dues_goes_to_the_oldest(self):
        """By the day they were due, not by the order in which they were chosen."""
        today = fields.Date.today()
        young, old, middle = (
            self._create_invoice(
                amount,
                invoice_date=today - timedelta(days=age),
                invoice_date_due=today - timedelta(days=age),
            )
            for amount, age in ((50.0, 1), (30.0, 40), (20.0, 20))
        )
        link = self._create_invoice_link(young | old | middle, amount=45.0)
        self._pay(link)
        self._commit()
        self._run_jobs()
        self._assert_paid(old)
        self.assertEqual(
            [invoice.amount_residual for invoice in (old, middle, young)],
            [0.0, 5.0, 50.0],
        )
        self.assertEqual(link.state, "completed")
        rest = self._create_invoice_link(young | middle)
        self.assertEqual(rest.amount, 55.0)
        self._pay(rest)
        self._commit()
        self._run_jobs()
        self._assert_paid(young | middle)

    def test_G5_contacts_of_one_customer(self):
        """Invoices to two addresses of a company are one customer's dues."""
        invoices = self._create_invoice(60.0)
        for name in ("Purchasing", "Workshop"):
            contact = self.env["res.partner"].create(
                {"name": name, "parent_id": self.customer.id}
            )
            invoices |= self._create_invoice(20.0, partner_id=contact.id)
        link = self._create_invoice_link(invoices)
        self.assertEqual(link.partner_id, self.customer)
        self._pay(link)
        self._commit()
        self._run_jobs()
        self._assert_paid(invoices)

    # === REFUSED === #

    def test_drafts_are_refused(self):
        invoice = self._create_invoice(post=False)
        self.assertFalse(invoice.is_payment_link_payable)
        self._assert_refused(invoice, "Confirm these invoices")
        self._assert_refused(self._create_invoice() | invoice, "Confirm these invoices")

    def test_cancelled_invoices_are_refused(self):
        invoice = self._create_invoice()
        invoice.button_draft()
        invoice.button_cancel()
        self.assertFalse(invoice.is_payment_link_payable)
        self._assert_refused(invoice, "are cancelled")

    def test_other_documents_are_refused(self):
        for move_type in ("out_refund", "in_invoice", "in_refund", "out_receipt"):
            with self.subTest(move_type=move_type):
                move = self._create_invoice(move_type=move_type)
                self.assertFalse(move.is_payment_link_payable)
                self._assert_refused(move, "for customer invoices")
                self._assert_refused(
                    self._create_invoice() | move, "for customer invoices"
                )
        self._assert_refused(self.invoice, "for customer invoices")

    def test_paid_invoices_are_refused(self):
        invoice = self._create_invoice()
        self._pay_by_wire(invoice)
        self.assertFalse(invoice.is_payment_link_payable)
        self._assert_refused(invoice, "Nothing is due")
        self._assert_refused(self._create_invoice() | invoice, "Nothing is due")

    def test_invoices_with_a_payment_under_way_are_refused(self):
        invoice = self._create_invoice()
        self._pay_at_odoos_door(100.0, invoice, state="pending")
        self._assert_refused(invoice, "a payment is on its way")

    def test_different_customers_are_refused(self):
        invoices = self._create_invoice()
        invoices |= self._create_invoice(partner_id=self.partner.id)
        self._assert_refused(invoices, "different customers")

    def test_different_currencies_are_refused(self):
        invoices = self._create_invoice()
        invoices |= self._create_invoice(currency_id=self.currency_euro.id)
        self._assert_refused(invoices, "different currencies")

    def test_different_companies_are_refused(self):
        other = self.setup_other_company()["company"]
        invoices = self._create_invoice()
        invoices |= self._create_invoice_of(other)
        self._assert_refused(invoices, "different companies")

    def test_different_receivable_accounts_are_refused(self):
        """Odoo books a payment on one account: the other invoice would stay open."""
        invoices = self._create_invoice()
        account = self.company_data["default_account_receivable"].copy()
        self.customer.property_account_receivable_id = account
        invoices |= self._create_invoice()
        self._assert_refused(invoices, "different receivable accounts")

    def _create_invoice_of(self, company, **values):
        journal = self.env["account.journal"].search(
            [("company_id", "=", company.id), ("type", "=", "sale")], limit=1
        )
        account = self.env["account.account"].search(
            [("company_ids", "in", company.ids), ("account_type", "=", "income")],
            limit=1,
        )
        invoice = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.customer.id,
                "company_id": company.id,
                "journal_id": journal.id,
                "invoice_date": fields.Date.today(),
                "invoice_line_ids": [
                    Command.create(
                        {
                            "name": "A chair",
                            "price_unit": 100.0,
                            "account_id": account.id,
                            "tax_ids": [Command.clear()],
                        }
                    )
                ],
                **values,
            }
        )
        invoice.action_post()
        return invoice
