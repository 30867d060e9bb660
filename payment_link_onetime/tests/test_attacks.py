from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.payment.controllers.post_processing import PaymentPostProcessing

from .common import PaymentLinkHttpCommon


@tagged("post_install", "-at_install")
class TestAttacks(PaymentLinkHttpCommon):
    """What else a payer, a provider or a user may try to move money by.

    Forged arguments are tried in `test_page`, amounts that cannot be asked in
    `test_link_creation`, and callbacks in every order on a real server.
    """

    def _assert_refused(self, link, message, **values):
        charges = link.transaction_ids
        with mute_logger("odoo.http"):
            response = self.url_open(
                f"{link._get_page_path()}/transaction",
                json={"params": self._prepare_transaction_params(link, **values)},
            )
        self.assertIn(message, response.json()["error"]["data"]["message"])
        link.invalidate_recordset()
        self.assertEqual(link.transaction_ids, charges)

    def test_rule_8_the_charge_of_another_link(self):
        """A session that paid one link learns nothing of another one's payment."""
        mine, other = self._create_link(amount=10), self._create_standalone_link()
        self._create_charge(other)._set_error("Card 4242 declined")
        self._get_charge(self._post_transaction(mine))._set_error("My card declined")
        page = self._get_page(other).text
        self.assertNotIn("declined", page)
        self.assertIn("My card declined", self._get_page(mine).text)
        status = self.make_jsonrpc_request(f"{other._get_page_path()}/status")
        self.assertEqual(status, {"page_state": "open", "charge_state": False})

    def test_rule_8_the_session_of_a_charge_is_no_key_to_others(self):
        """The id of a transaction comes from the session, never from a request."""
        link = self._create_link()
        charge = self._create_charge(link)
        key = PaymentPostProcessing.MONITORED_TX_ID_KEY
        response = self.url_open(f"/payment/status?{key}={charge.id}")
        self.assertNotIn(link._get_page_path(), response.url)

    def test_rule_1_provider_is_archived_while_the_page_is_open(self):
        link = self._create_link()
        self.assertIn("o_payment_submit_button", self._get_page(link).text)
        self.provider.state = "disabled"
        self._assert_refused(link, "not available any more")

    def test_rule_1_method_is_archived_while_the_page_is_open(self):
        link = self._create_link()
        self.assertIn("o_payment_submit_button", self._get_page(link).text)
        self.payment_method.active = False
        self._assert_refused(link, "not available any more")

    def test_rule_1_exchange_rate_changes_between_page_and_booking(self):
        """The payer owes the link's currency, and the books take the day's rate."""
        self.env["res.currency.rate"].search([]).unlink()
        rates = self.env["res.currency.rate"]
        values = {"currency_id": self.currency_euro.id, "company_id": self.company.id}
        rate = rates.create({**values, "name": fields.Date.today(), "rate": 0.5})
        link = self._create_standalone_link(40.0, currency_id=self.currency_euro.id)
        charge = self._get_charge(self._post_transaction(link))
        rate.rate = 0.8
        charge._set_done()
        self._run_jobs()
        self.assertEqual((charge.amount, link.amount_paid), (40.0, 40.0))
        payment = charge.payment_id
        self.assertEqual(payment.currency_id, self.currency_euro)
        self.assertEqual(payment.amount, 40.0)
        self.assertEqual(sum(payment.move_id.line_ids.mapped("debit")), 50.0)

    def test_rule_1_switching_the_company_moves_nothing(self):
        """Whoever works in another company meanwhile, the order's company is paid."""
        other = self.env["res.company"].create({"name": "Other"})
        self.env.user.company_ids |= other
        order = self.order.with_company(other)
        with self.assertRaisesRegex(UserError, "is not the one of"):
            self._create_link(company_id=other.id, amount=10.0)
        link = self.env(context={"allowed_company_ids": [other.id, self.company.id]})[
            "payment.link"
        ].create({"sale_order_id": order.id})
        self.assertEqual(link.company_id, self.company)
        self.assertEqual(link._get_payment_options(100.0)[0], self.provider)

    def test_rule_1_two_documents_on_one_link(self):
        """One would be paid with the other's money."""
        invoice = self.init_invoice(
            "out_invoice", partner=self.customer, amounts=[10.0], post=True
        )
        with self.assertRaisesRegex(UserError, "asks for one document"):
            self._create_link(invoice_ids=[Command.set(invoice.ids)])
