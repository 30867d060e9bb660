from odoo.exceptions import UserError

from .document_common import PaymentLinkDocumentCommon


class TestFollowInvoices(PaymentLinkDocumentCommon):
    """G4: links follow invoices, whoever pays or changes them."""

    # === THE ORDER'S INVOICES === #

    def test_rule_13_wire_on_the_orders_invoice_counts(self):
        link = self._create_link()
        invoice = self._invoice_order()
        self._commit()
        self._pay_by_wire(invoice, 40.0)
        self.assertEqual(link.state, "open")
        self.assertEqual(link._get_amount_to_pay(), 60.0)
        self._pay_by_wire(invoice)
        self._assert_closed(link, "settled_elsewhere")

    def test_rule_13_order_and_invoice_are_one_deal(self):
        """A link on each would ask for the same money twice."""
        self._create_link(amount=60.0)
        invoice = self._invoice_order()
        self.assertEqual(invoice._payment_link_get_available_amount(), 40.0)
        with self.assertRaisesRegex(UserError, "would ask too much"):
            self._create_invoice_link(invoice, amount=40.01)
        self._create_invoice_link(invoice, amount=30.0)
        self.assertEqual(self.order._payment_link_get_available_amount(), 10.0)

    def test_link_on_the_invoice_settles_the_order(self):
        invoice = self._invoice_order()
        order_link = self._create_link(amount=10.0)
        link = self._create_invoice_link(invoice)
        self.assertEqual(link.amount, 90.0)
        self._pay(link)
        self._commit()
        self.assertEqual(order_link._get_amount_to_pay(), 10.0)
        self._run_jobs()
        self.assertEqual(order_link._get_amount_to_pay(), 10.0)
        self._pay_by_wire(invoice)
        self._assert_closed(order_link, "settled_elsewhere")

    def test_link_on_the_order_pays_its_invoice(self):
        """What was invoiced after the link was sent is reconciled."""
        link = self._create_link()
        invoice = self._invoice_order()
        self._pay(link)
        self._commit()
        self._run_jobs()
        self._assert_paid(invoice)
        self.assertEqual(link.state, "completed")

    def test_credit_note_on_the_orders_invoice_counts(self):
        link = self._create_link()
        invoice = self._invoice_order()
        refund = invoice._reverse_moves(cancel=True)
        self._commit()
        self.assertEqual(refund.move_type, "out_refund")
        self._assert_closed(link, "settled_elsewhere")

    def test_charge_of_the_orders_own_transactions_is_counted_once(self):
        """The order's transaction is on its invoice as well."""
        self.order.write({"require_payment": True, "prepayment_percent": 0.3})
        self._pay(self._create_link(amount=30.0))
        self._commit()
        self._run_jobs()
        self.assertEqual(self.order.state, "sale")
        self.order.order_line.qty_delivered = 2.0
        invoice = self.order._create_invoices()
        invoice.action_post()
        self.assertEqual(invoice.amount_residual, 70.0)
        self.assertEqual(self.order._payment_link_get_due_amount(), 70.0)
        self._pay_by_wire(invoice, 20.0)
        self.assertEqual(self.order._payment_link_get_due_amount(), 50.0)

    def test_invoice_of_several_orders_is_shared_out(self):
        other_order = self._create_order(quantity=6.0)
        orders = self.order | other_order
        orders.action_confirm()
        for line in orders.order_line:
            line.qty_delivered = line.product_uom_qty
        invoice = orders._create_invoices()
        self.assertEqual(len(invoice), 1)
        invoice.action_post()
        self._pay_by_wire(invoice, 100.0)
        self.assertEqual(self.order._payment_link_get_due_amount(), 75.0)
        self.assertEqual(other_order._payment_link_get_due_amount(), 225.0)

    # === INVOICES === #

    def test_G4_invoice_paid_by_wire(self):
        invoice = self._create_invoice()
        link = self._create_invoice_link(invoice)
        self._pay_by_wire(invoice, 40.0)
        self.assertEqual((link.state, link._get_amount_to_pay()), ("open", 60.0))
        self._pay_by_wire(invoice)
        self._assert_closed(link, "settled_elsewhere")
        self.assertEqual(link._get_page_state(), "completed")

    def test_G4_invoice_paid_by_bank_statement(self):
        invoice = self._create_invoice()
        link = self._create_invoice_link(invoice)
        statement_line = self.env["account.bank.statement.line"].create(
            {
                "journal_id": self.company_data["default_journal_bank"].id,
                "payment_ref": invoice.name,
                "partner_id": self.customer.id,
                "amount": 100.0,
                "date": invoice.date,
            }
        )
        _liquidity, suspense, _other = statement_line._seek_for_lines()
        receivable = invoice.line_ids.filtered(
            lambda line: line.display_type == "payment_term"
        )
        suspense.write({"account_id": receivable.account_id.id})
        (suspense + receivable).reconcile()
        self._commit()
        self._assert_closed(link, "settled_elsewhere")

    def test_G4_invoice_paid_by_credit_note(self):
        invoice = self._create_invoice()
        link = self._create_invoice_link(invoice)
        invoice._reverse_moves(cancel=True)
        self._commit()
        self._assert_closed(link, "settled_elsewhere")

    def test_G4_part_of_a_credit_note_reduces(self):
        invoice = self._create_invoice()
        link = self._create_invoice_link(invoice)
        refund = self._create_invoice(30.0, move_type="out_refund")
        invoice.js_assign_outstanding_line(
            refund.line_ids.filtered(
                lambda line: line.display_type == "payment_term"
            ).id
        )
        self._commit()
        self.assertEqual((link.state, link._get_amount_to_pay()), ("open", 70.0))

    def test_G4_invoice_paid_at_odoos_own_door(self):
        invoice = self._create_invoice()
        link = self._create_invoice_link(invoice)
        self._pay_at_odoos_door(100.0, invoice)
        self._assert_closed(link, "settled_elsewhere")

    def test_G4_cancelled_invoice(self):
        invoice = self._create_invoice()
        link = self._create_invoice_link(invoice)
        invoice.button_draft()
        invoice.button_cancel()
        self._commit()
        self._assert_closed(link, "document_cancelled")

    def test_G4_invoice_in_draft_pauses_its_links(self):
        """It may be posted as it was: then the link goes on."""
        invoice = self._create_invoice()
        link = self._create_invoice_link(invoice)
        invoice.button_draft()
        self._commit()
        self.assertEqual((link.state, link._get_page_state()), ("open", "paused"))
        with self.assertRaisesRegex(UserError, "being worked on"):
            link._claim(self.payer_key)
        invoice.action_post()
        self._commit()
        self.assertEqual(link._get_page_state(), "open")
        self.assertEqual(self._pay(link).amount, 100.0)

    def test_G4_invoices_in_draft_together_pause_each_its_own_links(self):
        """They have nothing to do with each other but the click that reset them."""
        invoices = self._create_invoice(60.0) | self._create_invoice(40.0)
        links = self._create_invoice_link(invoices[0])
        links |= self._create_invoice_link(invoices[1])
        invoices.button_draft()
        self._commit()
        self.assertEqual(links.mapped("state"), ["open", "open"])
        self.assertEqual(links[0]._get_page_state(), "paused")
        invoices.action_post()
        self._commit()
        self.assertEqual([link._get_page_state() for link in links], ["open", "open"])

    def test_rule_13_documents_that_change_together_are_fitted_apart(self):
        """What one of them owes too little is no reason to close another one's link."""
        invoices = self._create_invoice(60.0) | self._create_invoice(40.0)
        parts = self._create_invoice_link(invoices[0], amount=30.0)
        parts |= self._create_invoice_link(invoices[0], amount=30.0)
        other = self._create_invoice_link(invoices[1])
        self._pay_by_wire(invoices[0], 20.0)
        invoices[1].ref = "touched"
        self._commit()
        self.assertEqual(parts.mapped("state"), ["open", "cancelled"])
        self.assertEqual(other.state, "open")

    def test_G4_invoice_that_comes_back_with_another_amount(self):
        invoice = self._create_invoice()
        link = self._create_invoice_link(invoice)
        invoice.button_draft()
        invoice.invoice_line_ids.price_unit = 120.0
        self._commit()
        self.assertEqual(link.state, "open")
        invoice.action_post()
        self._commit()
        self._assert_closed(link, "superseded")

    def test_rule_4_payment_leaves_an_invoice_in_draft_alone(self):
        """Odoo would post it, half changed as it is."""
        invoice = self._create_invoice()
        link = self._create_invoice_link(invoice)
        charge = self._create_charge(link)
        invoice.button_draft()
        self._commit()
        charge._set_done()
        self._commit()
        self._run_jobs()
        self.assertEqual(invoice.state, "draft")
        self.assertEqual(len(link.payment_ids), 1)
        self.assertEqual(link.state, "completed")
        invoice.action_post()
        self._assert_paid(invoice)

    def test_G4_invoice_in_draft_is_not_paid(self):
        """It owes nothing at the moment, and will owe the rest once it is posted."""
        invoice = self._create_invoice(120.0)
        link = self._create_invoice_link(
            invoice, allow_partial=True, minimum_percent=30.0
        )
        amount = link._claim(self.payer_key, displayed_amount=50.0)
        charge = self._create_transaction(
            "direct", amount=amount, **link._get_charge_values()
        )
        invoice.button_draft()
        self._commit()
        charge._set_done()
        self._commit()
        self.assertEqual((link.state, link.payment_status), ("open", "partially_paid"))
        invoice.action_post()
        self._commit()
        self.assertEqual((link.state, link._get_amount_to_pay()), ("open", 70.0))

    def test_G5_part_of_two_invoices_is_for_the_older_one(self):
        """Before it is booked as well: the younger one's link asks on."""
        old, young = (
            self._create_invoice(amount, invoice_date_due=due)
            for amount, due in ((60.0, "2026-01-01"), (40.0, "2026-02-01"))
        )
        link = self._create_invoice_link(young, amount=40.0)
        self._pay(self._create_invoice_link(old | young, amount=60.0))
        self._commit()
        for _moment in ("before it is booked", "after"):
            self.assertEqual((link.state, link._get_amount_to_pay()), ("open", 40.0))
            self.assertEqual(old._payment_link_get_due_amount(), 0.0)
            self._run_jobs()

    def test_too_much_for_one_invoice_does_not_pay_the_other(self):
        invoices = self._create_invoice(60.0) | self._create_invoice(40.0)
        self._pay_at_odoos_door(70.0, invoices[0])
        self.assertEqual(invoices._payment_link_get_due_amount(), 40.0)

    def test_G4_one_of_several_invoices_is_cancelled(self):
        """The set is worth less now."""
        invoices = self._create_invoice(60.0) | self._create_invoice(40.0)
        link = self._create_invoice_link(invoices)
        invoices[0].button_draft()
        self._commit()
        self.assertEqual(link._get_page_state(), "paused")
        invoices[0].button_cancel()
        self._commit()
        self._assert_closed(link, "superseded")

    def test_G4_one_of_several_invoices_is_paid(self):
        invoices = self._create_invoice(60.0) | self._create_invoice(40.0)
        link = self._create_invoice_link(invoices)
        self._pay_by_wire(invoices[0])
        self.assertEqual((link.state, link._get_amount_to_pay()), ("open", 40.0))
        self._pay_by_wire(invoices[1])
        self._assert_closed(link, "settled_elsewhere")

    def test_rule_13_links_that_share_invoices(self):
        """The link on the first and the link on both stay: together they fit."""
        invoices = self._create_invoice(60.0) | self._create_invoice(40.0)
        first = self._create_invoice_link(invoices[0])
        both = self._create_invoice_link(invoices)
        self.assertEqual(both.amount, 40.0)
        invoices[0].ref = "touched"
        self._pay_by_wire(invoices[1], 10.0)
        self._assert_closed(both, "superseded")
        self.assertEqual(first.state, "open")

    def test_deleted_documents_leave_no_link_that_takes_money(self):
        invoice = self._create_invoice()
        self._create_invoice_link(invoice)
        invoice.button_draft()
        with self.assertRaisesRegex(UserError, "instead of deleting"):
            invoice.with_context(force_delete=True).unlink()
        self._create_link()
        self.order._action_cancel()
        with self.assertRaisesRegex(UserError, "instead of deleting"):
            self.order.unlink()
