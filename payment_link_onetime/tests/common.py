from odoo import Command
from odoo.tests import new_test_user, tagged

from odoo.addons.account_payment.tests.common import AccountPaymentCommon
from odoo.addons.payment.tests.http_common import PaymentHttpCommon

# What a person's browser says about itself.
BROWSER = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/126.0.0.0 Safari/537.36"
)


@tagged("post_install", "-at_install")
class PaymentLinkCommon(AccountPaymentCommon):
    """A quote of 100.00, a provider that can pay it, and links on it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.company_data["company"]
        cls.customer = cls.env["res.partner"].create(
            {
                "name": "Ada Payer",
                "email": "ada.payer@example.com",
                "country_id": cls.env.ref("base.us").id,
                "lang": "en_US",
            }
        )
        cls.product = cls.env["product.product"].create(
            {"name": "Garden chair", "list_price": 50.0, "taxes_id": False}
        )
        cls.order = cls._create_order()
        cls.payer_key = "this browser"
        cls.other_payer_key = "another browser"

    @classmethod
    def get_default_groups(cls):
        """Override of `account`: the tests sell, too, and run jobs."""
        return (
            super().get_default_groups()
            | cls.quick_ref("sales_team.group_sale_manager")
            | cls.quick_ref("base.group_system")
        )

    @classmethod
    def _create_user(cls, login, groups="", **values):
        """Create an employee of the company, who may do what the groups may."""
        return new_test_user(
            cls.env,
            login=f"payment_link_{login}",
            groups=f"base.group_user,{groups}" if groups else "base.group_user",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
            **values,
        )

    @classmethod
    def _create_order(cls, quantity=2.0, **values):
        """Create a quote, of 100.00 if nothing else is said."""
        return cls.env["sale.order"].create(
            {
                "partner_id": cls.customer.id,
                "company_id": cls.company.id,
                "order_line": [
                    Command.create(
                        {
                            "product_id": cls.product.id,
                            "product_uom_qty": quantity,
                            "price_unit": 50.0,
                            "tax_ids": [Command.clear()],
                        }
                    )
                ],
                **values,
            }
        )

    @classmethod
    def _create_link(cls, **values):
        """Create a link on the quote, for all that it owes if nothing else is said."""
        return cls.env["payment.link"].create({"sale_order_id": cls.order.id, **values})

    @classmethod
    def _create_standalone_link(cls, amount=100.0, **values):
        """Create a link on nothing at all."""
        return cls.env["payment.link"].create(
            {"amount": amount, "company_id": cls.company.id, **values}
        )

    def _create_charge(self, link, payer_key=None, flow="direct"):
        """Create a charge as the page's route does, without its HTTP."""
        amount = link._claim(payer_key or self.payer_key)
        return self._create_transaction(
            flow,
            amount=amount,
            currency_id=link.currency_id.id,
            partner_id=link._get_charge_partner().id,
            reference=f"{link.code}-{link.charge_count}",
            **link._get_charge_values(payer_key or self.payer_key),
        )

    def _pay(self, link, **kwargs):
        """Create a charge and let the provider settle it."""
        charge = self._create_charge(link, **kwargs)
        charge._set_done()
        return charge

    def _set_time(self, event, time):
        """Let an event have happened at another time: history keeps no door open."""
        self.env.flush_all()
        self.cr.execute(
            "UPDATE payment_link_event SET create_date = %s WHERE id = %s",
            (time, event.id),
        )
        self.env.invalidate_all()

    def _run_jobs(self):
        """Run what a payment leaves to the jobs."""
        self._run_job("payment_link_onetime.cron_book")
        self._run_job("payment_link_onetime.cron_send_order_mails")

    def _run_job(self, xmlid):
        """Run a scheduled action on a cursor that it may commit."""
        with self.enter_registry_test_mode():
            self.env.ref(xmlid).method_direct_trigger()
        self.env.invalidate_all()


class PaymentLinkHttpCommon(PaymentLinkCommon, PaymentHttpCommon):
    """The same, through the doors."""

    def _run_job(self, xmlid):
        """Override: with an HTTP server, every cursor may be committed."""
        self.env.ref(xmlid).method_direct_trigger()
        self.env.invalidate_all()

    def _open_page(self, link, via=None, headers=None):
        """Do what a visitor's browser does: read the page, and run its script."""
        headers = {"User-Agent": BROWSER, **(headers or {})}
        query = f"?via={via}" if via else ""
        path = link._get_page_path()
        response = self.url_open(f"{path}{query}", headers=headers)
        self.make_jsonrpc_request(f"{path}/opened", {"via": via}, headers=headers)
        self.env.invalidate_all()
        return response

    def _get_page(self, link, **kwargs):
        return self.url_open(link._get_page_path(), **kwargs)

    def _post_transaction(self, link, **values):
        """Do what the page does when the payer clicks "Pay".

        :return: The processing values.
        :raises JsonRpcException: for what the route refuses.
        """
        return self.make_jsonrpc_request(
            f"{link._get_page_path()}/transaction",
            self._prepare_transaction_params(link, **values),
        )

    def _prepare_transaction_params(self, link, **values):
        """Return what Odoo's payment form sends, with some of it forged."""
        return {
            "provider_id": self.provider.id,
            "payment_method_id": self.payment_method_id,
            "token_id": None,
            "amount": link.amount,
            "flow": "direct",
            "tokenization_requested": False,
            "landing_route": link._get_page_path(),
            "is_validation": False,
            "csrf_token": "",
            **values,
        }

    def _get_charge(self, processing_values):
        return self._get_tx(processing_values["reference"])
