from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form
from odoo.tools import mute_logger

from .common import PaymentLinkCommon

ACCESS_LOGGERS = ("odoo.addons.base.models.ir_model", "odoo.addons.base.models.ir_rule")


class TestSecurity(PaymentLinkCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller = cls._create_user("seller", "sales_team.group_sale_salesman")
        cls.colleague = cls._create_user("colleague", "sales_team.group_sale_salesman")
        cls.team_leader = cls._create_user(
            "leader", "sales_team.group_sale_salesman_all_leads"
        )
        cls.accountant = cls._create_user("accountant", "account.group_account_invoice")
        cls.order.user_id = cls.seller
        cls.link = cls._create_link()
        cls.other_order = cls._create_order(user_id=cls.colleague.id)
        cls.other_link = cls._create_link(sale_order_id=cls.other_order.id)

    def _find(self, user):
        """Return which of the test's links a user finds."""
        links = self.link + self.other_link
        return links.with_user(user).search([("id", "in", links.ids)])

    @mute_logger(*ACCESS_LOGGERS)
    def _assert_denied(self, function, *args, **kwargs):
        with self.assertRaises(AccessError):
            function(*args, **kwargs)

    @mute_logger(*ACCESS_LOGGERS)
    def _assert_refused(self, function, *args):
        """By rights or by the model itself: for the model, nobody is above it."""
        with self.assertRaises(UserError):
            function(*args)

    # === GROUPS === #

    def test_roles_bring_the_groups(self):
        """Nobody has to be given rights by hand: Sales and Invoicing bring them."""
        for role, expected in (
            ("sales_team.group_sale_salesman", {"user"}),
            ("sales_team.group_sale_salesman_all_leads", {"user", "user_all"}),
            ("account.group_account_invoice", {"user", "user_all", "accountant"}),
            ("sales_team.group_sale_manager", {"user", "user_all", "manager"}),
            (
                "account.group_account_manager",
                {"user", "user_all", "accountant", "manager"},
            ),
        ):
            with self.subTest(role=role):
                user = self._create_user(role.rpartition(".")[2], role)
                groups = {
                    name
                    for name in ("user", "user_all", "accountant", "manager")
                    if user.has_group(f"payment_link_onetime.group_payment_link_{name}")
                }
                self.assertEqual(groups, expected)

    def test_salesperson_finds_own_links(self):
        self.assertEqual(self._find(self.seller), self.link)
        self.assertEqual(self.link.with_user(self.seller).amount, 100.0)

    def test_salesperson_is_denied_the_links_of_others(self):
        """What a colleague's customer is asked for is the colleague's business."""
        link = self.other_link.with_user(self.seller)
        self._assert_denied(link.read, ["reference"])
        self._assert_denied(link.read, ["url"])
        self._assert_denied(link.action_cancel)
        self._assert_denied(link.write, {"description": "Mine now"})
        self._assert_denied(link._send_by_email)
        self.assertEqual(self.other_link.state, "open")

    def test_A5_reference_of_a_foreign_link_is_taken_and_opens_nothing(self):
        links = self.env["payment.link"].with_user(self.seller)
        values = {"amount": 10.0}
        self._assert_denied(links.find_or_create, self.other_link.reference, values)
        self.assertTrue(links.find_or_create("A new one", values))

    def test_salesperson_finds_the_links_on_own_orders(self):
        """Who took over an order from a colleague must know what was asked already."""
        self.other_order.user_id = self.seller
        self.assertEqual(self._find(self.seller), self.link + self.other_link)

    def test_links_of_nobody_are_everybodys(self):
        self.link.user_id = False
        self.order.user_id = False
        self.assertEqual(self._find(self.colleague), self.link + self.other_link)

    def test_all_documents(self):
        self.assertEqual(self._find(self.team_leader), self.link + self.other_link)
        self.link.with_user(self.team_leader).action_cancel()
        self.assertEqual(self.link.state, "cancelled")

    def test_accountant_follows_the_money(self):
        self._pay(self.link)
        self._run_jobs()
        link = self.link.with_user(self.accountant)
        self.assertEqual(self._find(self.accountant), self.link + self.other_link)
        self.assertEqual(len(link.transaction_ids), 1)
        self.assertEqual(len(link.payment_ids), 1)
        self.assertEqual(link.payment_count, 1)

    def test_salesperson_is_denied_transactions_and_payments(self):
        """Odoo shows them to accountants only. The history tells what happened."""
        self._pay(self.link)
        self._run_jobs()
        link = self.link.with_user(self.seller)
        for field_name in ("transaction_ids", "payment_ids", "payment_count"):
            self._assert_denied(link.read, [field_name])
        self._assert_denied(
            self.link.transaction_ids.with_user(self.seller).read, ["amount"]
        )
        paid = link.event_ids.filtered(lambda event: event.type == "paid")
        self.assertEqual(paid.amount, 100.0)
        self.assertTrue(paid.transaction_reference and paid.provider_name)

    def test_every_role_can_read_a_whole_link(self):
        """Exports and integrations read all fields that `fields_get` offers."""
        self._pay(self.link)
        for user in (self.seller, self.team_leader, self.accountant, self.env.user):
            with self.subTest(user=user.login):
                self.assertTrue(self.link.with_user(user).read())

    def test_every_role_can_open_the_form(self):
        self._pay(self.link)
        self._run_jobs()
        for user in (self.seller, self.team_leader, self.accountant, self.env.user):
            with self.subTest(user=user.login):
                form = Form(self.link.with_user(user))
                self.assertEqual(form.state, "completed")

    def test_other_employees_see_nothing(self):
        """Whoever neither sells nor does the books has no business with links."""
        employee = self._create_user("employee", "")
        link = self.link.with_user(employee)
        self._assert_denied(link.search, [])
        self._assert_denied(link.read, ["amount"])
        self._assert_denied(
            self.env["payment.link.send"].with_user(employee).create, {"amount": 1.0}
        )
        # They still read contacts: nothing of ours may get in the way.
        partner_fields = self.customer.with_user(employee).fields_get()
        self.assertNotIn("payment_link_ids", partner_fields)
        self.assertNotIn("payment_link_count", partner_fields)

    def test_portal_and_public_see_nothing(self):
        """They have the pay URL and its page, never the record."""
        for user in (self.portal_user, self.public_user):
            with self.subTest(user=user.id):
                for model in (
                    "payment.link",
                    "payment.link.line",
                    "payment.link.event",
                ):
                    self._assert_denied(self.env[model].with_user(user).search, [])
                self._assert_denied(self.link.with_user(user).read, ["access_token"])
                self._assert_denied(
                    self.env["payment.link"].with_user(user).create, {"amount": 1.0}
                )

    def test_D1_access_token_is_not_for_portal(self):
        """Whoever has the token can pay: also in sudo code, only users may read it."""
        self.assertEqual(
            self.env["payment.link"]._fields["access_token"].groups, "base.group_user"
        )

    # === COMPANIES === #

    def test_links_of_other_companies_are_hidden(self):
        """A4: companies don't see each other's requests, whatever the role."""
        company = self.env["res.company"].create({"name": "Other Company"})
        self.env.user.company_ids += company
        link = self._create_standalone_link(company_id=company.id, user_id=False)
        for user in (self.seller, self.team_leader, self.accountant):
            with self.subTest(user=user.login):
                self._assert_denied(link.with_user(user).read, ["amount"])
                self._assert_denied(
                    self.env["payment.link"].with_user(user).create,
                    {"amount": 1.0, "company_id": company.id},
                )
                events = link.event_ids.with_user(user)
                self._assert_denied(events.read, ["type"])
        # Even those who belong to it, as long as they work in another one.
        self.team_leader.company_ids += company
        links = self.env["payment.link"].with_user(self.team_leader)
        domain = [("id", "=", link.id)]
        here = links.with_context(allowed_company_ids=self.company.ids)
        self.assertFalse(here.search(domain))
        there = links.with_context(allowed_company_ids=company.ids)
        self.assertEqual(there.search(domain), link)

    # === LINES AND EVENTS === #

    def test_lines_and_events_follow_the_link(self):
        lines = (self.link + self.other_link).line_ids
        events = (self.link + self.other_link).event_ids
        for records in (lines, events):
            found = records.with_user(self.seller).search([("id", "in", records.ids)])
            self.assertEqual(found.link_id, self.link)
            found = records.with_user(self.team_leader).search(
                [("id", "in", records.ids)]
            )
            self.assertEqual(found, records.sorted())

    def test_A14_lines_are_unwritable_for_all(self):
        """What an amount is made of is fixed with it."""
        line = self.link.line_ids
        for user in (self.seller, self.team_leader, self.accountant):
            self._assert_refused(line.with_user(user).write, {"amount_total": 1.0})
            self._assert_refused(line.with_user(user).unlink)
            values = {"link_id": self.link.id, "name": "More"}
            self._assert_refused(line.with_user(user).create, values)
        self._assert_refused(line.write, {"name": "Else"})
        self._assert_refused(line.unlink)
        self._assert_refused(line.create, {"link_id": self.link.id, "name": "More"})

    def test_events_are_unwritable_for_all(self):
        """A history that somebody can change proves nothing."""
        event = self.link.event_ids
        values = {"link_id": self.link.id, "type": "paid"}
        for user in (self.seller, self.team_leader, self.accountant):
            self._assert_denied(event.with_user(user).create, values)
            self._assert_refused(event.with_user(user).write, {"type": "paid"})
            self._assert_refused(event.with_user(user).unlink)
        self._assert_refused(event.write, {"type": "paid"})
        self._assert_refused(event.unlink)

    # === FORGED CALLS === #

    def test_A14_forged_create_is_refused(self):
        """What happened is never said by a caller, and the secrets are ours."""
        links = self.env["payment.link"].with_user(self.seller)
        for forged in (
            {"state": "completed"},
            {"payment_status": "paid"},
            {"amount_paid": 1.0},
            {"amount_due": 0.0},
            {"completed_at": "2030-01-01 00:00:00"},
            {"paid_late": True},
            {"code": "AAAAAAAA"},
            {"access_token": "guessable"},
            {"event_ids": [Command.create({"type": "paid"})]},
            {"transaction_ids": [Command.link(1)]},
        ):
            with self.subTest(forged=forged), self.assertRaises(UserError):
                links.create({"amount": 1.0, **forged})

    def test_A14_forged_write_is_refused(self):
        link = self.link.with_user(self.seller)
        for forged in (
            {"amount": 1.0},
            {"amount_paid": 100.0},
            {"state": "completed"},
            {"payment_status": "paid"},
            {"expires_at": False},
            {"access_token": "guessable"},
        ):
            with self.subTest(forged=forged):
                for context in ({}, {"payment_link_own_values": forged}):
                    with self.assertRaises(UserError):
                        link.with_context(**context).write(forged)
        self.assertEqual((link.amount, link.state), (100.0, "open"))

    def test_link_on_a_foreign_order_is_refused(self):
        """Who may not see an order may not ask money for it either."""
        order = self._create_order(user_id=self.colleague.id)
        self._assert_denied(
            self.env["payment.link"].with_user(self.seller).create,
            {"sale_order_id": order.id, "amount": 1.0},
        )

    def test_nobody_deletes_links(self):
        for user in (self.seller, self.team_leader, self.accountant):
            self._assert_denied(self.link.with_user(user).unlink)
        with self.assertRaises(UserError):
            self.link.unlink()

    def test_dialog_does_not_hand_out_foreign_links(self):
        """A forged dialog on a colleague's link shows neither URL nor QR code."""
        values = {
            "link_id": self.other_link.id,
            "company_id": self.company.id,
            "currency_id": self.company.currency_id.id,
            "amount": 1.0,
            "channels": ["email"],
        }
        dialogs = self.env["payment.link.send"].with_user(self.seller)
        # It would be filled in from the link.
        self._assert_denied(dialogs.create, values)
        dialog = dialogs.create({**values, "phone": "+32470123456"})
        for field_name in ("url", "qr_code"):
            self.env.invalidate_all()  # A request starts with nothing in its cache.
            self._assert_denied(dialog.read, [field_name])
        self.env.invalidate_all()
        self._assert_denied(dialog.action_send)
        self._assert_denied(
            dialogs.with_context(default_link_id=self.other_link.id).default_get,
            ["link_id", "amount"],
        )
        self.assertNotIn("sent", self.other_link.event_ids.mapped("type"))

    def test_available_amount_counts_links_that_one_may_not_see(self):
        """Rule 13: open links don't ask together for more than the order owes."""
        order = self._create_order(user_id=False)
        self._create_link(sale_order_id=order.id, amount=70, user_id=self.colleague.id)
        order = order.with_user(self.seller)
        self.assertEqual(order._payment_link_get_available_amount(), 30.0)
        with self.assertRaises(UserError):
            self.env["payment.link"].with_user(self.seller).create(
                {"sale_order_id": order.id, "amount": 40.0}
            )
