"""The guest page in every state: how a link, and then a browser, gets there."""

from datetime import timedelta

from odoo import Command, fields

# Screens to see it on.
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "is_mobile": True,
    "has_touch": True,
}
DESKTOP = {"viewport": {"width": 1280, "height": 800}}

# What a visitor does once the page is open, where the state is not the link's alone.
_DEMO_OUTCOMES = {"failed": "error", "pending": "pending", "paid": "done"}

STATES = (
    "open",
    "form",
    "methods",
    "standalone",
    "instalments",
    "first_instalment",
    "discounts",
    "payer",
    "prepayment",
    "long",
    "busy",
    "processing",
    "waiting",
    "failed",
    "pending",
    "paid",
    "completed",
    "returning",
    "expired",
    "renewed",
    "cancelled",
    "replaced",
    "document_cancelled",
    "superseded",
    "new_amount",
    "settled_elsewhere",
    "paused",
    "invoices",
    "not_found",
    "no_method",
)


class Pages:
    """One link for each state of the page.

    :param Environment env: where to make the links; a user who may do everything
    :param str lang: the customer's language, which is the page's
    """

    def __init__(self, env, lang="en_US"):
        self.env = env
        company = env.company
        company.write({"email": "billing@example.com", "phone": "+1 555 0100"})
        self.customer = env["res.partner"].create(
            {
                "name": "Ada Payer",
                "email": "ada@example.com",
                "lang": lang,
                "country_id": env.ref("base.us").id,
            }
        )
        self.tax = env["account.tax"].create(
            {"name": f"Sales tax {self.customer.id}", "amount": 10.0}
        )

    def create(self, state, **values):
        """Make the link of a state.

        :return: its path on the server
        :rtype: str
        """
        if state == "not_found":
            return "/pay/no-such-link"
        link = getattr(self, f"_create_{state}", self._create_link)(**values)
        return link._get_page_path()

    def create_order(self, lines=None):
        """Make a quote of 110.00: three lines and their taxes, if nothing else is said."""
        lines = lines or [
            ("Oak garden chair", 2, 35.0),
            ("Cushion, linen", 4, 5.0),
            ("Delivery to your door", 1, 10.0),
        ]
        return self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "order_line": [
                    Command.create(
                        {
                            "product_id": self._get_product(name).id,
                            "name": name,
                            "product_uom_qty": quantity,
                            "price_unit": price,
                            "tax_ids": [Command.set(self.tax.ids)],
                        }
                    )
                    for name, quantity, price in lines
                ],
            }
        )

    def _get_number(self):
        return str(self.env["payment.link"].search_count([]) + 1)

    def _get_product(self, name):
        products = self.env["product.product"]
        return products.search([("name", "=", name)], limit=1) or products.create(
            {"name": name, "taxes_id": False}
        )

    def _create_link(self, **values):
        values.setdefault("description", "Your garden furniture, as discussed")
        order = values.pop("sale_order_id", None) or self.create_order().id
        return self.env["payment.link"].create({"sale_order_id": order, **values})

    def _create_standalone(self, **values):
        return self.env["payment.link"].create(
            {
                "amount": 75.0,
                "reference": f"WORKSHOP-{self._get_number()}",
                "description": "A seat in Saturday's carpentry workshop",
                **values,
            }
        )

    def _create_discounts(self, **values):
        """What a shop asks for: prices, and what is taken off them."""
        lines = [
            ("Oak garden chair", "Oiled, with arms", "standard", 140.0),
            ("Floor model", None, "price_override", 95.0),
            ("Linen cushion", None, "standard", 18.0),
            ("Spring sale", None, "discount_percentage", 12.5),
            ("Voucher GARDEN-5", None, "discount", 5.0),
            ("Friend of the house", None, "final_discount", 10.0),
        ]
        return self.env["payment.link"].create(
            {
                "reference": f"WEB-{self._get_number()}",
                "amount_tax": 8.39,
                "line_ids": [
                    Command.create(
                        {
                            "name": name,
                            "description": description,
                            "value_type": value_type,
                            "value": value,
                        }
                    )
                    for name, description, value_type, value in lines
                ],
                **values,
            }
        )

    def _create_instalments(self, **values):
        values.setdefault("reference", f"PARTS-{self._get_number()}")
        return self.env["payment.link"].create(
            {
                "partner_id": self.customer.id,
                "amount": 1200.0,
                "allow_partial": True,
                "minimum_percent": 30.0,
                "description": "Your new kitchen, in as many parts as you like",
                **values,
            }
        )

    def _create_first_instalment(self, **values):
        link = self._create_instalments(**values)
        self._create_charge(link, 400.0)._set_done()
        self._create_charge(link, 360.0)._set_pending()
        return link

    def _create_returning(self, **values):
        """A paid link that leads back to the shop."""
        self.env.company.payment_link_redirect_hosts = "shop.example.com"
        return self._create_completed(
            redirect_url="https://shop.example.com/thanks", **values
        )

    def _create_replaced(self, **values):
        link = self._create_link(**values)
        link.action_reissue()
        return link

    def _create_methods(self, **values):
        """A choice, with the brands of cards; for customers of one country only."""
        country = self.env.ref("base.nl")
        methods = self.env.ref("payment.payment_method_card")
        methods |= self.env.ref("payment.payment_method_bank_transfer")
        self.env["payment.provider"].create(
            {
                "name": "Cards and transfers",
                "state": "test",
                "is_published": True,
                "available_country_ids": [Command.set(country.ids)],
                "payment_method_ids": [Command.set(methods.ids)],
            }
        )
        methods.active = True
        self.customer.country_id = country
        return self._create_link(**values)

    def _create_prepayment(self, **values):
        return self._create_link(amount=33.0, **values)

    def _create_long(self, **values):
        """Whatever people type: many lines, words without end, big numbers."""
        lines = [
            (f"Position {number}: a chair", number, 12.5) for number in range(1, 18)
        ]
        lines += [
            (
                "A conference table for twenty people, in oiled oak from the region, "
                "with cable ducts\nDelivered, assembled and levelled; packaging is "
                "taken back",
                1.5,
                1234567.89,
            ),
            (
                "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz" * 2,
                1,
                1,
            ),
        ]
        return self._create_link(
            sale_order_id=self.create_order(lines).id,
            reference="AGREEMENT/ANNEX-B/" + "0123456789" * 6 + self._get_number(),
            description="First line of what it is for.\nSecond line.\n" + "Long " * 60,
            **values,
        )

    def _create_busy(self, **values):
        link = self._create_link(**values)
        link._claim("another browser")
        return link

    def _create_processing(self, **values):
        link = self._create_link(**values)
        self._create_charge(link)._set_pending()
        return link

    def _create_completed(self, **values):
        link = self._create_link(**values)
        self._create_charge(link)._set_done()
        return link

    def _create_expired(self, **values):
        link = self._create_link(**values)
        link._store({"expires_at": fields.Datetime.now() - timedelta(minutes=1)})
        return link

    _create_renewed = _create_expired

    def _create_cancelled(self, **values):
        link = self._create_link(**values)
        link.action_cancel()
        return link

    def _create_document_cancelled(self, **values):
        link = self._create_link(**values)
        link.sale_order_id._action_cancel()
        return link

    def _create_superseded(self, **values):
        link = self._create_link(**values)
        link.sale_order_id.order_line[0].product_uom_qty = 3
        return link

    def _create_new_amount(self, **values):
        link = self._create_superseded(**values)
        self.env.cr.flush()  # The way to the new link is for links that are closed.
        self._create_link(sale_order_id=link.sale_order_id.id)
        return link

    def _create_settled_elsewhere(self, **values):
        invoices = self.create_invoices(250.0)
        link = self._create_invoice_link(invoices, **values)
        register = self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoices.ids
        )
        register.create({})._create_payments()
        return link

    def _create_paused(self, **values):
        invoices = self.create_invoices(250.0)
        link = self._create_invoice_link(invoices, **values)
        invoices.button_draft()
        return link

    def _create_invoices(self, **values):
        """What a customer owes, on one link."""
        invoices = self.create_invoices(250.0, 80.0, 19.9)
        return self._create_invoice_link(invoices, **values)

    def create_invoices(self, *amounts):
        """Make a posted invoice over each amount."""
        invoices = self.env["account.move"].create(
            [
                {
                    "move_type": "out_invoice",
                    "partner_id": self.customer.id,
                    "invoice_date": fields.Date.today() - timedelta(days=number),
                    "invoice_line_ids": [
                        Command.create(
                            {
                                "product_id": self._get_product("Oak garden chair").id,
                                "price_unit": amount,
                                "tax_ids": [Command.clear()],
                            }
                        )
                    ],
                }
                for number, amount in enumerate(amounts)
            ]
        )
        invoices.action_post()
        return invoices

    def _create_invoice_link(self, invoices, **values):
        return self.env["payment.link"].create(
            {"invoice_ids": [Command.set(invoices.ids)], **values}
        )

    def _create_no_method(self, **values):
        method = self.env.ref("payment.payment_method_ideal")
        return self._create_link(payment_method_ids=[Command.set(method.ids)], **values)

    def _create_charge(self, link, amount=None):
        provider = self.env.ref("payment.payment_provider_demo")
        amount = link._claim("another browser", displayed_amount=amount)
        return self.env["payment.transaction"].create(
            {
                "reference": f"{link.code}-{link.charge_count}",
                "provider_id": provider.id,
                "payment_method_id": provider.payment_method_ids[:1].id,
                "operation": "online_direct",
                "amount": amount,
                "currency_id": link.currency_id.id,
                "partner_id": link._get_charge_partner().id,
                **link._get_charge_values(),
            }
        )


def reach(page, state, url):
    """Bring a browser's page to a state.

    :param playwright.sync_api.Page page: the page
    :param str state: one of `STATES`
    :param str url: the address of that state's link
    """
    page.goto(url)
    if state == "payer":
        page.locator(".o_payment_link_payer summary").click()
    if state == "renewed":
        page.locator("form[action$='/renew'] button").click()
        page.wait_for_url("**renewed=1")
    if state == "waiting":
        _start_charge(page)
        page.goto(f"{url}?returned=1")
    if state in _DEMO_OUTCOMES or state == "form":
        choose_demo(page, _DEMO_OUTCOMES.get(state, "done"))
    if state in _DEMO_OUTCOMES:
        page.locator("[name=o_payment_submit_button]").click()
        expected = (
            ".alert-danger:visible" if state == "failed" else ".o_payment_link_outcome"
        )
        page.locator(expected).wait_for()
    page.locator(".o_payment_link_card").wait_for()
    wait_for_scripts(page)


def wait_for_scripts(page):
    """Wait until all of Odoo's scripts on a page are at work."""
    page.locator("body[is-ready]").wait_for(state="attached")


def choose_demo(page, outcome):
    """Choose the demo provider and how it answers."""
    radio = page.locator("[name=o_payment_radio][data-provider-code=demo]")
    if not radio.is_checked():
        radio.check()
    page.locator("#simulated_payment_state").select_option(outcome)


def _start_charge(page):
    """Do what the form does before a provider takes over."""
    page.evaluate(
        """async () => {
            const form = document.getElementById("o_payment_form").dataset;
            const radio = document.querySelector("[name=o_payment_radio]").dataset;
            const params = {
                provider_id: Number(radio.providerId),
                payment_method_id: Number(radio.paymentOptionId),
                token_id: null,
                amount: Number(form.amount),
                flow: "direct",
                tokenization_requested: false,
                landing_route: form.landingRoute,
                is_validation: false,
                access_token: null,
                csrf_token: odoo.csrf_token,
            };
            await fetch(form.transactionRoute, {
                method: "POST",
                headers: {"Content-Type": "application/json"},
                body: JSON.stringify({jsonrpc: "2.0", method: "call", params}),
            });
        }"""
    )
