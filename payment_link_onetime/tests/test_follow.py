from odoo.exceptions import UserError
from odoo.tests import Form

from .document_common import PaymentLinkDocumentCommon


class TestFollow(PaymentLinkDocumentCommon):
    """G4: links follow the deal, in the transaction that changes it."""

    # === ORDERS === #

    def test_G4_cancelled_order_closes_its_links(self):
        link = self._create_link()
        self.order._action_cancel()
        self._commit()
        self._assert_closed(link, "document_cancelled")
        self.assertEqual(link._get_page_state(), "cancelled")
        self.assertIn("Document cancelled", link.message_ids[0].body)
        self.assertEqual(link.event_ids[0].type, "cancelled")

    def test_G4_order_that_is_reset_needs_a_new_link(self):
        """Closed is closed: whoever has the old link is shown to the new one."""
        link = self._create_link()
        self.order._action_cancel()
        self._commit()
        self.order.action_draft()
        self._commit()
        self._assert_closed(link, "document_cancelled")
        new_link = self._create_link()
        self.assertEqual(link._get_replacement(), new_link)

    def test_G4_states_of_a_quote_close_nothing(self):
        link = self._create_link()
        self.order.action_quotation_sent()
        self._commit()
        self.order.action_confirm()
        self._commit()
        self.assertEqual(link.state, "open")

    def test_G4_changed_total_supersedes(self):
        for quantity in (3.0, 1.0):
            with self.subTest(quantity=quantity):
                order = self._create_order()
                link = self._create_link(sale_order_id=order.id)
                order.order_line.product_uom_qty = quantity
                self._commit()
                self._assert_closed(link, "superseded")
                self.assertEqual(link._get_page_state(), "superseded")
                with self.assertRaisesRegex(UserError, "amount .* has changed"):
                    link._claim(self.payer_key)

    def test_G4_through_a_form(self):
        link = self._create_link()
        with Form(self.order) as form, form.order_line.edit(0) as line:
            line.product_uom_qty = 5
        self._commit()
        self._assert_closed(link, "superseded")

    def test_G4_other_changes_close_nothing(self):
        link = self._create_link()
        self.order.client_order_ref = "their number"
        self.order.order_line.name = "A chair, in green"
        self.order.order_line.write({"product_uom_qty": 4, "price_unit": 25.0})
        self._commit()
        self.assertEqual((self.order.amount_total, link.state), (100.0, "open"))

    def test_G4_changed_and_changed_back_closes_nothing(self):
        """What counts is what is committed."""
        link = self._create_link()
        self.order.order_line.product_uom_qty = 3.0
        self.env.flush_all()
        self.order.order_line.product_uom_qty = 2.0
        self._commit()
        self.assertEqual(link.state, "open")

    def test_G4_prepayment_of_a_changed_order_is_superseded(self):
        link = self._create_link(amount=30.0)
        self.order.order_line.product_uom_qty = 4.0
        self._commit()
        self._assert_closed(link, "superseded")

    def test_rule_1_a_changed_total_refuses_before_it_is_written_down(self):
        """Page and charge read the document themselves."""
        link = self._create_link()
        self.order.order_line.product_uom_qty = 3.0
        self.assertEqual(link.state, "open")
        self.assertEqual(link._get_page_state(), "superseded")
        with self.assertRaises(UserError):
            link._claim(self.payer_key)

    def test_G4_another_customer_is_not_shown_to_the_first_ones_links(self):
        link = self._create_link()
        self.order.write({"partner_id": self.partner.id})
        self.order.partner_invoice_id = self.partner
        self._commit()
        self._assert_closed(link, "document_cancelled")
        self._create_link()
        self.assertFalse(link.replaced_by_id or link._get_replacement())

    def test_G4_another_currency_supersedes(self):
        link = self._create_link()
        pricelist = self.env["product.pricelist"].create(
            {"name": "Euro", "currency_id": self.currency_euro.id}
        )
        self.order.pricelist_id = pricelist
        self.assertNotEqual(self.order.currency_id, link.currency_id)
        self.assertEqual(link._get_page_state(), "superseded")
        self._commit()
        self._assert_closed(link, "superseded")

    def test_G4_way_to_the_new_link(self):
        old_link = self._create_link()
        self.order.order_line.product_uom_qty = 3.0
        self._commit()
        self.assertFalse(old_link._get_replacement())
        link = self._create_link()
        self.assertEqual(link.amount, 150.0)
        self.assertEqual(old_link.replaced_by_id, link)
        self.assertEqual(old_link._get_replacement(), link)
        self.assertEqual(link.reference, f"{self.order.name}-2")

        self.order.order_line.product_uom_qty = 4.0
        self._commit()
        self.assertFalse(old_link._get_replacement())
        newest = self._create_link()
        self.assertEqual(old_link.replaced_by_id, link)
        self.assertEqual(old_link._get_replacement(), newest)
        self._pay(newest)
        self.assertFalse(old_link._get_replacement())

    def test_G4_cancelled_by_hand_is_not_replaced(self):
        link = self._create_link()
        link.action_cancel()
        self._create_link()
        self.assertFalse(link.replaced_by_id)

    def test_G4_replaced_links_keep_their_references_apart(self):
        """The unique index lets go of a reference only when its link was replaced."""
        for quantity in (3.0, 4.0, 5.0):
            self._create_link()
            self.order.order_line.product_uom_qty = quantity
            self._commit()
        link = self._create_link()
        links = self.order.payment_link_ids
        self.assertEqual(len(links), 4)
        self.assertEqual((links - link).mapped("close_reason"), ["superseded"] * 3)
        self.assertEqual(len(links.filtered(lambda x: not x.replaced_by_id)), 1)

    # === PAID PAST US === #

    def test_G4_paid_at_odoos_own_door(self):
        link = self._create_link()
        self._pay_at_odoos_door(100.0, self.order)
        self._assert_closed(link, "settled_elsewhere")
        self.assertEqual(link._get_page_state(), "completed")
        with self.assertRaisesRegex(UserError, "already been completed"):
            link._claim(self.payer_key)

    def test_G4_pending_elsewhere_may_still_fail(self):
        """Nothing is asked meanwhile, but the link is not closed for good."""
        link = self._create_link()
        transaction = self._pay_at_odoos_door(100.0, self.order, state="pending")
        self.assertEqual(link.state, "open")
        self.assertEqual(link._get_page_state(), "processing")
        transaction._set_error("The bank refused")
        self._commit()
        self.assertEqual(link._get_page_state(), "open")
        self.assertEqual(link._get_amount_to_pay(), 100.0)

    def test_rule_13_money_elsewhere_reduces(self):
        link = self._create_link()
        self._pay_at_odoos_door(30.0, self.order)
        self.assertEqual(link.state, "open")
        self.assertEqual(link._get_amount_to_pay(), 70.0)
        self.assertEqual(self._pay(link).amount, 70.0)
        self.assertEqual((link.state, link.payment_status), ("completed", "paid"))
        self.assertEqual(link.amount_paid, 70.0)

    def test_rule_13_newest_links_are_superseded(self):
        links = [self._create_link(amount=amount) for amount in (50.0, 30.0, 20.0)]
        self._pay_at_odoos_door(30.0, self.order)
        self.assertEqual(links[0].state, "open")
        self._assert_closed(links[1], "superseded")
        self._assert_closed(links[2], "superseded")
        self.assertEqual(links[1].replaced_by_id, links[0])
        self.assertEqual(links[2].replaced_by_id, links[0])
        self.assertEqual(links[1]._get_replacement(), links[0])

    def test_rule_13_only_as_many_as_it_takes(self):
        links = [self._create_link(amount=amount) for amount in (50.0, 30.0, 20.0)]
        self._pay_at_odoos_door(20.0, self.order)
        self.assertEqual([link.state for link in links], ["open", "open", "cancelled"])

    def test_rule_13_who_pays_at_this_moment_is_not_disturbed(self):
        links = [self._create_link(amount=50.0) for _i in range(2)]
        links[1]._claim(self.payer_key)
        self._pay_at_odoos_door(50.0, self.order)
        self._assert_closed(links[0], "superseded")
        self.assertEqual(links[1].state, "open")

    def test_rule_13_links_of_several_together(self):
        """However it came about, open links never ask for more than is owed."""
        links = [self._create_link(amount=25.0) for _i in range(4)]
        for paid in (10.0, 20.0, 30.0, 15.0):
            self._pay_at_odoos_door(paid, self.order)
            asked = sum(
                min(link.amount_due, self.order._payment_link_get_due_amount())
                for link in links
                if link.state == "open"
            )
            self.assertLessEqual(asked, self.order._payment_link_get_due_amount())

    def test_payment_through_a_link_closes_no_other(self):
        links = [self._create_link(amount=50.0) for _i in range(2)]
        self._pay(links[0])
        self._commit()
        self._run_jobs()
        self.assertEqual(links[0].state, "completed")
        self.assertEqual(links[1].state, "open")
        self.assertEqual(links[1]._get_amount_to_pay(), 50.0)
        self._pay(links[1])
        self._commit()
        self._run_jobs()
        self.assertEqual(links[1].state, "completed")
        self.assertEqual(self.order.state, "sale")

    def test_confirmation_and_booking_close_no_link(self):
        """A down payment confirms the quote: the link for the rest stays open."""
        self.order.write({"require_payment": True, "prepayment_percent": 0.3})
        self.env["ir.config_parameter"].set_param("sale.automatic_invoice", "True")
        links = [self._create_link(amount=amount) for amount in (30.0, 70.0)]
        self._pay(links[0])
        self._commit()
        self._run_jobs()
        self.assertEqual(self.order.state, "sale")
        self.assertTrue(self.order.invoice_ids)
        self.assertEqual(links[1].state, "open")
        self.assertEqual(links[1]._get_amount_to_pay(), 70.0)

    def test_rule_4_money_for_a_link_that_follows_is_kept(self):
        link = self._create_link()
        charge = self._create_charge(link)
        charge._set_pending()
        self.order.order_line.product_uom_qty = 3.0
        self._commit()
        self._assert_closed(link, "superseded")
        self.assertEqual(link._get_page_state(), "processing")
        charge._set_done()
        self._commit()
        self._run_jobs()
        self.assertTrue(link.paid_late)
        self._assert_closed(link, "superseded")
        self.assertEqual(len(link.payment_ids), 1)
        self.assertEqual(self.order._payment_link_get_due_amount(), 50.0)

    # === WHAT IT COSTS === #

    def test_documents_without_links_cost_one_query(self):
        """Once per commit, however often and however many were written."""
        orders = self.order | self._create_order() | self._create_order()
        self._commit()
        for order in orders:
            order.order_line.product_uom_qty = 3.0
            self.env.flush_all()
        with self.assertQueryCount(1):
            self.env.cr.precommit.run()

    def test_other_writes_cost_nothing(self):
        self._commit()
        self.order.client_order_ref = "their number"
        self.env.flush_all()
        with self.assertQueryCount(0):
            self.env.cr.precommit.run()

    def test_follow_does_not_see_the_callers_defaults(self):
        """A context that is meant for something else would change what is written."""
        link = self._create_link()
        self.order.with_context(
            default_type="paid", default_state="open"
        )._action_cancel()
        self._commit()
        self._assert_closed(link, "document_cancelled")
        self.assertEqual(link.event_ids[0].type, "cancelled")

    def test_salesperson_without_the_link_closes_it_all_the_same(self):
        """A colleague's link follows, too."""
        link = self._create_link(user_id=self.env.ref("base.user_admin").id)
        seller = self._create_user("other_seller", "sales_team.group_sale_salesman")
        self.order.user_id = seller
        self.order.with_user(seller)._action_cancel()
        self._commit()
        self._assert_closed(link, "document_cancelled")

    def test_deal_of_another_link_is_left_alone(self):
        link = self._create_link()
        other_order = self._create_order()
        self.env["payment.link"].create({"sale_order_id": other_order.id})
        other_order._action_cancel()
        self._commit()
        self.assertEqual(link.state, "open")

    def test_standalone_and_contact_links_follow_nothing(self):
        link = self._create_standalone_link(partner_id=self.customer.id)
        self.customer.name = "Ada Byron"
        self._commit()
        self.assertEqual(link.state, "open")

    def test_cancelled_order_takes_no_new_link(self):
        self.order._action_cancel()
        with self.assertRaisesRegex(UserError, "is cancelled"):
            self._create_link()
        with self.assertRaisesRegex(UserError, "is cancelled"):
            self.order.action_send_payment_link()

    def test_document_amount_is_nobodys_to_set(self):
        with self.assertRaisesRegex(UserError, "set by the system"):
            self._create_link(document_amount=1.0)
        link = self._create_link()
        self.assertEqual(link.document_amount, 100.0)
        with self.assertRaises(UserError):
            link.write({"document_amount": 1.0})
