from lxml import html

from odoo import Command, fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common import PaymentLinkHttpCommon
from .document_common import PaymentLinkDocumentCommon

# The smallest picture.
SIGNATURE = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAA"
    "AABJRU5ErkJggg=="
)


@tagged("post_install", "-at_install")
class TestPortal(PaymentLinkDocumentCommon, PaymentLinkHttpCommon):
    """F2: customers who are signed in see their company's links, and pay there."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.household = cls.env["res.partner"].create(
            {"name": "The Payers", "is_company": True}
        )
        cls.customer.parent_id = cls.household
        cls.colleague = new_test_user(
            cls.env,
            login="payment_link_colleague",
            groups="base.group_portal",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )
        cls.colleague.partner_id.parent_id = cls.household
        cls.order.require_signature = False
        cls.order.action_quotation_sent()

    def _sign_in(self, user=None):
        login = (user or self.colleague).login
        self.authenticate(login, login)

    def _read_list(self, query=""):
        response = self.url_open(f"/my/payment-links{query}")
        self.assertEqual(response.status_code, 200)
        return response.text

    def _get_references(self, query=""):
        rows = html.fromstring(self._read_list(query)).xpath("//tbody/tr/td[1]/a")
        return [row.text_content() for row in rows]

    def _read_document(self, document, query=""):
        document._portal_ensure_token()
        response = self.url_open(document.get_portal_url(query_string=query))
        self.assertEqual(response.status_code, 200)
        return response.text

    def _assert_button(self, text, link, label=None):
        page = html.fromstring(text)
        url = link._get_channel_url("portal")
        buttons = page.xpath("//a[contains(@class, 'btn')][@href=$url]", url=url)
        self.assertTrue(buttons, "no button leads to the link")
        if label:
            self.assertEqual(buttons[0].text_content().strip(), label)

    # === The list === #

    def test_F2_list_has_the_links_of_the_company(self):
        links = self._create_link(amount=40.0) | self._create_standalone_link(
            partner_id=self.household.id, reference="DEPOSIT-1"
        )
        self._sign_in()
        text = self._read_list()
        for link in links:
            self.assertIn(link.reference, text)
            self.assertIn(link._get_channel_url("portal"), text)
            self.assertIn(link._format_amount(link.amount), text)
        self.assertIn("To pay", text)

    def test_rule_8_list_has_nothing_of_others(self):
        """Neither another customer's links, nor those of nobody."""
        others = self._create_standalone_link(
            partner_id=self.partner.id, reference="NOT-YOURS"
        ) | self._create_standalone_link(reference="NOBODYS")
        self._sign_in()
        text = self._read_list()
        for link in others:
            self.assertNotIn(link.reference, text)
            self.assertNotIn(link.access_token, text)

    def test_rule_8_customers_have_no_right_to_links(self):
        """The list is all that they get: no call from outside reads more."""
        link = self._create_link()
        with self.assertRaises(AccessError):
            link.with_user(self.colleague).read(["reference"])
        with self.assertRaises(AccessError):
            self.env["payment.link"].with_user(self.colleague).search([])

    def test_guests_are_asked_to_sign_in(self):
        response = self.url_open("/my/payment-links")
        self.assertIn("/web/login", response.url)

    def test_list_leaves_out_what_is_not_for_the_customer(self):
        """A quotation that was not sent, and links that another one replaced."""
        draft = self._create_link(sale_order_id=self._create_order().id)
        replaced = self._create_link(amount=40.0)
        replaced.action_reissue()
        self._sign_in()
        text = self._read_list()
        self.assertNotIn(draft.access_token, text)
        self.assertNotIn(replaced.access_token, text)
        self.assertIn(replaced.replaced_by_id.access_token, text)

    def test_list_says_what_became_of_a_link(self):
        paid, pending, expired, cancelled, parts = (
            self._create_standalone_link(partner_id=self.customer.id, **values)
            for values in ({}, {}, {}, {}, {"amount": 500.0, "allow_partial": True})
        )
        self._pay(paid)
        self._create_charge(pending)._set_pending()
        expired._store(
            {"expires_at": fields.Datetime.subtract(expired.create_date, hours=1)}
        )
        cancelled.action_cancel()
        expected = {
            paid: "Paid",
            pending: "Processing",
            expired: "Expired",
            cancelled: "Cancelled",
            parts: "To pay",
        }
        self._sign_in()
        page = html.fromstring(self._read_list())
        for link, status in expected.items():
            badge = page.xpath(
                "//tr[td/a[.=$name]]//*[contains(@class, 'badge')]", name=link.reference
            )
            self.assertEqual(badge[0].text_content(), status)
        self.assertEqual(self._get_references("?filterby=paid"), [paid.reference])
        self.assertEqual(
            self._get_references("?filterby=open"), [parts.reference, pending.reference]
        )

    def test_list_is_sorted_and_has_pages(self):
        links = self.env["payment.link"].create(
            [
                {
                    "amount": 100.0 - number,
                    "company_id": self.company.id,
                    "partner_id": self.customer.id,
                    "reference": f"REF-{number:03}",
                }
                for number in range(82)
            ]
        )
        self._sign_in()
        newest = self._get_references()
        self.assertEqual(len(newest), 80)
        self.assertEqual(newest[0], links[-1].reference)
        self.assertEqual(len(self._get_references("/page/2")), 2)
        self.assertEqual(self._get_references("?sortby=amount")[0], "REF-000")
        self.assertEqual(self._get_references("?sortby=reference")[1], "REF-001")
        self.assertEqual(self._get_references("?sortby=nonsense&filterby=x"), newest)

    def test_home_counts(self):
        for _i in range(2):
            self._create_standalone_link(partner_id=self.customer.id)
        self._pay(self._create_link())
        self._create_standalone_link(partner_id=self.partner.id)
        self._sign_in()
        names = ["payment_link_count", "payment_link_open_count"]
        counters = self.make_jsonrpc_request("/my/counters", {"counters": names})
        self.assertEqual(counters["payment_link_open_count"], 2)
        self.assertTrue(counters["payment_link_count"])
        text = self.url_open("/my").text
        self.assertIn('href="/my/payment-links"', text)

    def test_F2_colleague_pays_and_the_books_stay_with_the_customer(self):
        link = self._create_link()
        self._sign_in()
        text = self.url_open(link._get_channel_url("portal")).text
        self.assertIn("o_payment_submit_button", text)
        self.assertIn('href="/my/payment-links"', text)
        charge = self._get_charge(self._post_transaction(link))
        charge._set_done()
        self._run_jobs()
        self.assertEqual(charge.partner_id, self.customer)
        self.assertEqual(charge.payer_name, self.colleague.name)
        self.assertEqual(link.payment_ids.partner_id, self.household)
        self.assertEqual(self.order.partner_id, self.customer)

    def test_page_leads_strangers_to_no_list(self):
        link = self._create_standalone_link(partner_id=self.partner.id)
        self._sign_in()
        self.assertNotIn("/my/payment-links", self._get_page(link).text)
        self.opener.cookies.clear()
        self.assertNotIn("/my/payment-links", self._get_page(link).text)

    # === The pages of documents === #

    def test_F2_order_is_paid_by_its_open_link(self):
        self.order.require_payment = True
        text = self._read_document(self.order)
        self.assertIn('data-bs-target="#modalaccept"', text)
        link = self._create_link(amount=40.0)
        text = self._read_document(self.order)
        self._assert_button(text, link, f"Pay {link._format_amount(40.0)}")
        self.assertNotIn('data-bs-target="#modalaccept"', text)
        self.assertNotIn("o_payment_form", text)
        link.action_cancel()
        text = self._read_document(self.order)
        self.assertNotIn(link.access_token, text)
        self.assertIn('data-bs-target="#modalaccept"', text)

    def test_F2_order_that_odoo_would_not_let_pay(self):
        """A confirmed order: the open link asks for what is left of it."""
        self.order.action_confirm()
        link = self._create_link()
        self._assert_button(self._read_document(self.order), link)

    def test_F2_first_link_first(self):
        first, second = self._create_link(amount=40.0), self._create_link(amount=60.0)
        text = self._read_document(self.order)
        self._assert_button(text, first)
        self.assertNotIn(second.access_token, text)
        self._pay(first)
        self._commit()
        self._assert_button(self._read_document(self.order), second)

    def test_F5_quotation_is_signed_before_it_is_paid(self):
        """Odoo's dialog comes first; after it, Odoo clicks on the button to pay."""
        self.order.write({"require_signature": True, "require_payment": True})
        link = self._create_link()
        # Nor does the address of one of Odoo's own payment links skip it.
        for query in ("", "&payment_amount=100"):
            text = self._read_document(self.order, query)
            self.assertIn("Sign & Pay", text)
            self.assertNotIn("o_payment_form", text)
            self.assertNotIn(link.access_token, text)
        self.order.write({"signature": SIGNATURE, "signed_by": "Ada"})
        page = html.fromstring(self._read_document(self.order))
        (button,) = page.xpath("//a[@id='o_sale_portal_paynow']")
        self.assertEqual(button.get("href"), link._get_channel_url("portal"))
        self.assertFalse(button.get("data-bs-toggle"))

    def test_order_with_a_payment_on_its_way_is_not_paid_twice(self):
        self.order.require_payment = True
        link = self._create_link()
        self._create_charge(link)._set_pending()
        text = self._read_document(self.order)
        self._assert_button(text, link, "See your payment")
        self.assertNotIn("o_payment_form", text)

    def test_F2_invoice_is_paid_by_its_open_link(self):
        self.env["ir.config_parameter"].sudo().set_param(
            "account_payment.enable_portal_payment", "True"
        )
        invoice = self._create_invoice()
        text = self._read_document(invoice)
        self.assertIn('data-bs-target="#pay_with"', text)
        link = self._create_invoice_link(invoice)
        text = self._read_document(invoice)
        self._assert_button(text, link, f"Pay {link._format_amount(100.0)}")
        self.assertNotIn('data-bs-target="#pay_with"', text)
        self.assertNotIn("o_payment_form", text)
        self._pay(link)
        self._run_jobs()
        self.assertNotIn(link.access_token, self._read_document(invoice))

    def test_pay_now_in_the_list_of_invoices_leads_to_the_link(self):
        invoice = self._create_invoice()
        link = self._create_invoice_link(invoice)
        invoice._portal_ensure_token()
        url = invoice.get_portal_url(query_string="&payment=True")
        response = self.url_open(url, allow_redirects=False)
        self.assertEqual(response.status_code, 303)
        self.assertEqual(response.headers["Location"], link._get_channel_url("portal"))

    def test_rule_8_wrong_token_of_an_invoice_shows_no_link(self):
        invoice = self._create_invoice()
        link = self._create_invoice_link(invoice)
        for query in ("", "?payment=True", "?payment=True&access_token=wrong"):
            response = self.url_open(
                f"/my/invoices/{invoice.id}{query}", allow_redirects=False
            )
            self.assertNotIn(link.access_token, response.headers.get("Location", ""))
            self.assertNotIn(link.access_token, response.text)
