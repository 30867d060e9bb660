from odoo import fields
from odoo.tests import Form

from .document_common import PaymentLinkDocumentCommon


class TestAccounting(PaymentLinkDocumentCommon):
    """Rule 6, F3: what a link's money looks like in the books."""

    def _pay_and_book(self, link):
        charge = self._pay(link)
        self._commit()
        self._run_jobs()
        return charge.payment_id

    def _refund(self, charge, amount):
        refund = charge._create_child_transaction(amount, is_refund=True)
        refund._set_done()
        refund._post_process()
        self._commit()
        return refund.payment_id

    # === BOOKED === #

    def test_F3_journal_account_and_memo(self):
        invoice = self._create_invoice()
        link = self._create_invoice_link(invoice)
        charge = self._create_charge(link)
        charge.provider_reference = "ch_123"
        charge._set_done()
        self._commit()
        self._run_jobs()
        payment = charge.payment_id
        self.assertEqual(payment.journal_id, self.provider.journal_id)
        self.assertEqual(payment.partner_id, self.customer)
        self.assertEqual(
            payment.memo, f"{link.reference} - {charge.reference} - ch_123"
        )
        self.assertEqual(payment.move_id.state, "posted")
        self.assertEqual(payment.payment_link_id, link)
        self.assertEqual(payment.reconciled_invoice_ids, invoice)

    def test_F3_currency_of_the_invoice_is_not_the_companys(self):
        """Two units of the foreign currency are one of the company's."""
        euro = self.setup_other_currency("EUR")
        invoice = self._create_invoice(currency_id=euro.id)
        self.assertNotEqual(invoice.currency_id, self.company.currency_id)
        link = self._create_invoice_link(invoice)
        self.assertEqual(link.currency_id, euro)
        payment = self._pay_and_book(link)
        self.assertEqual((payment.currency_id, payment.amount), (euro, 100.0))
        self._assert_paid(invoice)
        self.assertEqual(invoice.currency_id, euro)

    def test_F3_exchange_rate_moves_between_invoice_and_payment(self):
        """The difference goes to Odoo's exchange journal, and the invoice is closed."""
        euro = self.setup_other_currency(
            "EUR", rates=[("2016-01-01", 2.0), (fields.Date.today(), 4.0)]
        )
        invoice = self._create_invoice(currency_id=euro.id, invoice_date="2020-01-01")
        link = self._create_invoice_link(invoice)
        self._pay_and_book(link)
        self._assert_paid(invoice)
        partials = invoice.line_ids.matched_credit_ids
        self.assertTrue(partials.exchange_move_id)

    def test_F3_early_payment_discount_in_another_currency(self):
        euro = self.setup_other_currency(
            "EUR", rates=[("2016-01-01", 2.0), (fields.Date.today(), 4.0)]
        )
        invoice = self._create_invoice(
            currency_id=euro.id,
            invoice_payment_term_id=self._create_discount_term().id,
        )
        link = self._create_invoice_link(invoice)
        payment = self._pay_and_book(link)
        self.assertEqual(payment.amount, 98.0)
        self._assert_paid(invoice)

    def test_F3_order_in_another_currency(self):
        euro = self.setup_other_currency("EUR")
        pricelist = self.env["product.pricelist"].create(
            {"name": "Euro", "currency_id": euro.id}
        )
        order = self._create_order(pricelist_id=pricelist.id)
        link = self._create_link(sale_order_id=order.id)
        payment = self._pay_and_book(link)
        self.assertEqual((payment.currency_id, payment.amount), (euro, 100.0))
        self.assertEqual(order.state, "sale")
        order.order_line.qty_delivered = 2
        invoice = order._create_invoices()
        invoice.action_post()
        self._assert_paid(invoice)

    def test_F3_company_of_the_link(self):
        """Booked in the link's company, whichever one the user works in."""
        data = self.setup_other_company()
        other = data["company"]
        provider = self.provider.copy({"company_id": other.id})
        provider.journal_id = data["default_journal_bank"]
        provider.state = "test"
        link = self.env["payment.link"].create(
            {
                "amount": 30.0,
                "company_id": other.id,
                "currency_id": other.currency_id.id,
                "partner_id": self.customer.id,
            }
        )
        link._claim(self.payer_key)
        charge = self._create_transaction(
            "direct",
            amount=30.0,
            currency_id=link.currency_id.id,
            partner_id=self.customer.id,
            provider_id=provider.id,
            reference="other company",
            **link._get_charge_values(),
        )
        charge._set_done()
        self._commit()
        self._run_jobs()
        payment = link.payment_ids
        self.assertEqual(payment.company_id, other)
        self.assertEqual(payment.journal_id, data["default_journal_bank"])
        self.assertEqual(payment.payment_link_id, link)

    # === THE LIST === #

    def test_F3_list_of_payments(self):
        """Link, document, payer, provider's reference, date, amount, net amount."""
        invoice = self._create_invoice()
        link = self._create_invoice_link(invoice)
        charge = self._create_charge(link)
        charge.provider_reference = "ch_9"
        charge._set_done()
        self._commit()
        self._run_jobs()
        refund = self._refund(charge, 30.0)
        other = self._pay_and_book(self._create_link(amount=40.0))
        standalone = self._pay_and_book(self._create_standalone_link(5.0))
        unrelated = self.env["account.payment"].create(
            {"amount": 1.0, "partner_id": self.customer.id}
        )
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "payment_link_onetime.action_account_payment"
        )
        self.assertEqual(action["domain"], '[("payment_link_id", "!=", False)]')
        payments = self.env["account.payment"].search(
            [("payment_link_id", "!=", False)]
        )
        payment = charge.payment_id
        self.assertEqual(payments, payment | refund | other | standalone)
        self.assertFalse(unrelated.payment_link_id)
        self.assertEqual(payment.payment_link_document, invoice.name)
        self.assertEqual(other.payment_link_document, self.order.name)
        self.assertFalse(standalone.payment_link_document)
        self.assertEqual(payment.payment_link_provider_reference, "ch_9")
        self.assertEqual(payment.payment_link_code, link.code)
        self.assertEqual(payment.payment_link_provider_id, self.provider)
        # Refunds are negative, and amounts and net amounts add up to the same.
        self.assertEqual((payment.amount_signed, refund.amount_signed), (100.0, -30.0))
        self.assertEqual(payment.payment_link_net_amount, 70.0)
        self.assertEqual(refund.payment_link_net_amount, 0.0)
        self.assertEqual(
            sum(payments.mapped("amount_signed")),
            sum(payments.mapped("payment_link_net_amount")),
        )

    def test_F3_list_is_searched_grouped_and_exported(self):
        link = self._create_link(reference="ROOF-7")
        charge = self._create_charge(link)
        charge.provider_reference = "ch_42"
        charge._set_done()
        self._commit()
        self._run_jobs()
        payment = charge.payment_id
        self._pay_and_book(self._create_standalone_link(5.0))
        payments = self.env["account.payment"]
        for domain in (
            [("payment_link_id.reference", "ilike", "roof")],
            [("payment_link_id.code", "ilike", link.code)],
            [("payment_link_provider_reference", "ilike", "ch_4")],
            [("payment_link_id.sale_order_id", "ilike", self.order.name)],
        ):
            with self.subTest(domain=domain):
                self.assertEqual(payments.search(domain), payment)
        groups = payments.formatted_read_group(
            [("payment_link_id", "=", link.id)],
            ["payment_link_id"],
            ["payment_link_net_amount:sum", "amount_company_currency_signed:sum"],
        )
        self.assertEqual(groups[0]["payment_link_net_amount:sum"], 100.0)
        groups = payments.formatted_read_group(
            [("payment_link_id", "!=", False)],
            ["payment_link_provider_id"],
            ["__count"],
        )
        self.assertEqual(groups[0]["__count"], 2)
        names = [
            "payment_link_id",
            "payment_link_document",
            "partner_id",
            "payment_link_provider_reference",
            "amount_signed",
            "payment_link_net_amount",
        ]
        (row,) = payment.export_data(names)["datas"]
        self.assertEqual(
            [str(value) for value in row],
            ["ROOF-7", self.order.name, self.customer.display_name, "ch_42"]
            + ["100.0", "100.0"],
        )

    def test_F3_accountant_has_the_list_and_a_salesperson_has_not(self):
        menu = self.env.ref("payment_link_onetime.menu_account_payment")
        accountant = self._create_user("accountant", "account.group_account_invoice")
        seller = self._create_user("seller", "sales_team.group_sale_manager")
        menus = self.env["ir.ui.menu"]
        self.assertIn(menu.id, menus.with_user(accountant)._visible_menu_ids())
        self.assertNotIn(menu.id, menus.with_user(seller)._visible_menu_ids())

    def test_documents_link_and_payment_lead_to_each_other(self):
        invoice = self._create_invoice()
        link = self._create_invoice_link(invoice)
        payment = self._pay_and_book(link)
        self.assertEqual(payment.action_view_payment_link()["res_id"], link.id)
        self.assertEqual(link.action_view_payments()["domain"][0][2], payment.ids)
        self.assertEqual(invoice.action_view_payment_links()["res_id"], link.id)
        with Form(payment) as form:
            self.assertEqual(form.payment_link_id, link)
        self.assertEqual(
            self.env["account.payment"].search(
                [("payment_link_id", "in", invoice.payment_link_ids.ids)]
            ),
            payment,
        )

    def test_capture_in_parts_reconciles_the_invoice(self):
        """Each capture is one payment; what was voided is asked for again."""
        self.provider.support_manual_capture = "partial"
        invoice = self._create_invoice()
        link = self._create_invoice_link(invoice)
        charge = self._create_charge(link)
        charge._set_authorized()
        self._commit()
        charge._create_child_transaction(40.0)._set_done()
        self._commit()
        self._run_jobs()
        self.assertEqual(invoice.amount_residual, 60.0)
        self.assertEqual(invoice._payment_link_get_due_amount(), 0.0)
        charge._create_child_transaction(60.0)._set_canceled()
        self._commit()
        self._run_jobs()
        self.assertEqual(invoice._payment_link_get_due_amount(), 60.0)
        self.assertEqual(link._get_page_state(), "open")
        self.assertEqual(invoice.payment_link_ids.payment_ids.mapped("amount"), [40.0])
