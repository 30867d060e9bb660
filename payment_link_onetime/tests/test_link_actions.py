from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form
from odoo.tools import mute_logger

from .reissue_common import PaymentLinkReissueCommon

ACCESS_LOGGERS = ("odoo.addons.base.models.ir_model", "odoo.addons.base.models.ir_rule")


class TestLinkActions(PaymentLinkReissueCommon):
    """F4: what lists, forms and automation rules do with links; and duplicates."""

    # === EXPIRE === #

    def test_F4_expire(self):
        links = self._create_link(amount=10) | self._create_link(amount=10)
        links.action_expire()
        self.assertEqual(links.mapped("state"), ["expired"] * 2)
        self.assertEqual(links[0]._get_page_state(), "expired")
        links.action_expire()  # Again: nothing happens.
        types = links[0].event_ids.mapped("type")
        self.assertEqual(types.count("expired"), 1)

    def test_F4_rule_5_what_does_not_expire(self):
        link = self._create_link(amount=10)
        charge = self._create_charge(link)
        self._assert_refused(link, "under way", "action_expire")
        charge._set_pending()
        self._assert_refused(link, "under way", "action_expire")
        charge._set_done()
        self._assert_refused(link, "is paid", "action_expire")
        cancelled = self._create_link(amount=10)
        cancelled.action_cancel()
        self._assert_refused(cancelled, "is cancelled", "action_expire")

    # === ASK FOR THE REST === #

    def _ask_for_rest(self, links):
        with self.mock_mail_gateway():
            action = links.action_ask_for_rest()
        return self.env["payment.link"].search(action["domain"])

    def test_F4_rest_of_a_document(self):
        """After its deposit is paid, the order is asked for all else, by e-mail."""
        deposit = self._create_link(amount=30)
        self._pay(deposit)
        rest = self._ask_for_rest(deposit.with_user(self.seller))
        self.assertEqual((rest.amount, rest.sale_order_id), (70.0, self.order))
        self.assertIn("sent", rest.event_ids.mapped("type"))
        self.assertIn(self.customer, rest.message_ids.notified_partner_ids)
        self.assertEqual(deposit.state, "completed")
        self._assert_refused(deposit, "owes nothing", "action_ask_for_rest")

    def test_F4_rest_of_a_document_is_asked_once(self):
        links = self._create_link(amount=30) | self._create_link(amount=20)
        rest = self._ask_for_rest(links)
        self.assertEqual(rest.amount, 50.0)

    def test_F4_rest_of_a_link_without_document(self):
        link = self._create_standalone_link(partner_id=self.customer.id)
        charge = self._create_charge(link)
        charge.amount = 30.0
        charge._set_done()
        rest = self._ask_for_rest(link)
        self.assertEqual(rest.amount, 70.0)
        self.assertEqual(link.replaced_by_id, rest)
        self._pay(rest)
        self._assert_refused(rest, "it is paid", "action_ask_for_rest")

    def test_F4_rest_of_somebody_without_an_address(self):
        link = self._create_standalone_link()
        self._assert_refused(link, "no customer with an e-mail", "action_ask_for_rest")
        self.assertEqual(link.state, "open")

    # === SERVER ACTIONS === #

    def _run_action(self, name, links, user=None):
        action = self.env.ref(f"payment_link_onetime.action_server_{name}")
        context = {
            "active_model": "payment.link",
            "active_id": links[:1].id,
            "active_ids": links.ids,
        }
        return action.with_user(user or self.seller).with_context(**context).run()

    def test_F4_server_actions_work_on_many(self):
        for name, state in (
            ("expire", "expired"),
            ("cancel", "cancelled"),
            ("reissue", "cancelled"),
        ):
            links = self._create_link(amount=10) | self._create_link(amount=10)
            self._run_action(name, links)
            self.assertEqual(links.mapped("state"), [state] * 2, name)
        with self.mock_mail_gateway():
            action = self._run_action("ask_for_rest", links)
        rest = self.env["payment.link"].search(action["domain"])
        self.assertEqual(rest.amount, 80.0)  # The two that replaced them ask for 20.

    def test_F4_server_actions_say_of_each_link_why_not(self):
        paid = self._create_link(amount=10)
        self._pay(paid)
        cancelled = self._create_link(amount=10)
        cancelled.action_cancel()
        fine = self._create_link(amount=10)
        self.cr.flush()
        links = fine | paid | cancelled
        reasons = {
            "expire": {paid: "it is paid", cancelled: "it is cancelled"},
            "cancel": {paid: "is paid. Refund the payment"},
            "reissue": {paid: "it is paid"},
            "refund_all": {
                fine: "nothing to refund",
                paid: "cannot be refunded",
                cancelled: "nothing to refund",
            },
        }
        user = self.env.user  # She sells and keeps the books.
        for name, refusals in reasons.items():
            with self.subTest(name=name):
                with self.assertRaises(UserError) as error, self.cr.savepoint():
                    self._run_action(name, links, user)
                lines = str(error.exception).splitlines()
                self.assertEqual(len(lines), len(refusals))
                for line, link in zip(
                    lines, links.filtered(refusals.__contains__), strict=True
                ):
                    self.assertIn(link.reference, line)
                    self.assertIn(refusals[link], line)
                self.assertEqual(fine.state, "open")
                self.assertFalse(fine.replaced_by_id)

    def test_F4_refused_links_are_named_even_if_the_reason_does_not(self):
        self.provider.write({"support_refund": "none"})
        self.payment_method.support_refund = "none"
        links = self._create_link(amount=10) | self._create_link(amount=10)
        for link in links:
            self._pay(link)
        with self.assertRaises(UserError) as error:
            self._run_action("refund_all", links, self.env.user)
        for link in links:
            self.assertIn(f"{link.reference}: ", str(error.exception))

    def test_F4_server_actions_are_offered_in_lists_and_forms(self):
        actions = self.env["ir.actions.actions"].with_user(self.seller)
        views = {
            action["name"]: action["binding_view_types"]
            for action in actions.get_bindings("payment.link")["action"]
        }
        for name in (
            "Expire Now",
            "Cancel Payment Links",
            "Reissue",
            "Ask for the Rest by E-mail",
        ):
            self.assertEqual(views[name], "list,form")
        self.assertNotIn("Refund in Full", views)

    @mute_logger(*ACCESS_LOGGERS, "odoo.addons.base.models.ir_actions")
    def test_F4_server_actions_check_the_rights(self):
        employee = self._create_user("employee")
        self.order.user_id = self.env.user
        link = self._create_link()
        for name in ("expire", "cancel", "reissue", "ask_for_rest", "refund_all"):
            for user in (employee, self.seller):
                with self.subTest(name=name, user=user.login):
                    with self.assertRaises(AccessError):
                        self._run_action(name, link, user)
        self.assertEqual(link.state, "open")

    # === DUPLICATE === #

    def _duplicate(self, link):
        context = link.action_duplicate()["context"]
        return Form(self.env["payment.link.send"].with_context(**context))

    def test_E2_duplicate_is_a_new_request(self):
        link = self._create_link(amount=30, description="The chairs")
        self._pay(link)
        dialog = self._duplicate(link)
        self.assertEqual((dialog.amount, dialog.amount_option), (30.0, "fixed"))
        self.assertEqual(dialog.description, "The chairs")
        dialog = dialog.save()
        dialog.action_create_link()
        new = dialog.link_id
        self.assertEqual((new.amount, new.sale_order_id), (30.0, self.order))
        self.assertNotEqual(new.reference, link.reference)
        self.assertFalse(link.replaced_by_id)

    def test_E2_duplicate_of_a_link_without_document(self):
        link = self.env["payment.link"].create(
            {
                "company_id": self.company.id,
                "line_ids": [
                    Command.create({"name": "Chair", "value": 50.0}),
                    Command.create(
                        {"name": "Spring", "value": 10, "value_type": "discount"}
                    ),
                ],
                "amount_tax": 4.0,
            }
        )
        link.action_cancel()
        dialog = self._duplicate(link).save()
        self.assertFalse(dialog.partner_id)
        dialog.action_create_link()
        new = dialog.link_id
        self.assertEqual((new.amount, new.amount_tax), (44.0, 4.0))
        self.assertEqual(new.line_ids.mapped("name"), ["Chair", "Spring"])
        form = self._duplicate(link)
        form.amount = 20.0  # The old lines don't explain it.
        dialog = form.save()
        dialog.action_create_link()
        self.assertEqual(dialog.link_id.amount, 20.0)
        self.assertFalse(dialog.link_id.line_ids)

    def test_E2_duplicate_for_a_contact(self):
        link = self._create_standalone_link(partner_id=self.customer.id)
        dialog = self._duplicate(link).save()
        self.assertEqual(dialog.partner_id, self.customer)
        self.assertFalse(dialog.is_document)

    def test_rule_13_duplicate_where_less_is_owed(self):
        self._pay(self._create_link(amount=80))
        link = self.order.payment_link_ids
        self.assertEqual(self._duplicate(link).amount, 20.0)

    @mute_logger(*ACCESS_LOGGERS)
    def test_E2_duplicate_of_a_link_that_one_may_not_see(self):
        link = self._create_standalone_link(user_id=self.env.user.id)
        dialogs = self.env["payment.link.send"].with_user(self.seller)
        with self.assertRaises(AccessError):
            dialogs.with_context(payment_link_source_id=link.id).default_get(["amount"])
