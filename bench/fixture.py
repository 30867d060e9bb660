"""Run in Odoo's shell: make what is paid during the measurements.

The caller puts `SIZES`, `OUTPUT` and `BASE_URL` before this code.

ruff: noqa: F821 -- `env` and the caller's variables come from the shell
"""

import json
from urllib.parse import urlencode

from odoo import Command

from odoo.addons.payment.utils import generate_access_token

PRODUCTS = ("product.product_delivery_01", "product.product_delivery_02")

company = env.ref("base.main_company")
provider = env.ref("payment.payment_provider_demo")
provider.write({"state": "test", "is_published": True})
# Looked up at the first payment, and not safely where several are the first.
provider.journal_id = env["account.journal"].search(
    [("type", "=", "bank"), ("company_id", "=", company.id)], limit=1
)
method = provider.payment_method_ids[:1]
method.active = True
choice = {
    "provider_id": provider.id,
    "payment_method_id": method.id,
    "token_id": None,
    "flow": "direct",
    "tokenization_requested": False,
    "is_validation": False,
    "csrf_token": "",
}
env["ir.config_parameter"].set_param("web.base.url", BASE_URL)
env["ir.config_parameter"].set_param("web.base.url.freeze", "True")

country = env.ref("base.us")
count = sum(SIZES[name] for name in ("odoo_orders", "our_orders"))
customers = env["res.partner"].create(
    [
        {
            "name": f"Customer {number}",
            "email": f"customer.{number}@example.com",
            "country_id": country.id,
            "lang": "en_US",
        }
        for number in range(count)
    ]
)
products = [env.ref(xmlid) for xmlid in PRODUCTS]
orders = env["sale.order"].create(
    [
        {
            "partner_id": customer.id,
            "company_id": company.id,
            "require_payment": True,
            "require_signature": False,
            "prepayment_percent": 1.0,
            "order_line": [
                Command.create({"product_id": product.id, "product_uom_qty": 1 + index})
                for index, product in enumerate(products * 2)
            ],
        }
        for customer in customers
    ]
)
orders.action_quotation_sent()
orders_of_odoo = orders[: SIZES["odoo_orders"]]
orders_of_ours = orders[SIZES["odoo_orders"] :]


def our_target(link):
    path = f"/pay/{link.access_token}"
    parameters = {**choice, "amount": link.amount, "landing_route": path}
    return {"page": path, "transaction": f"{path}/transaction", "params": parameters}


def odoo_order_target(order):
    return {
        "page": order.get_portal_url(),
        "transaction": f"/my/orders/{order.id}/transaction",
        "params": {
            **choice,
            "amount": order.amount_total,
            "access_token": order.access_token,
            "landing_route": order.get_portal_url(),
        },
    }


def odoo_amount_target(partner, amount):
    """What `/payment/pay` takes from a guest: a contact, and a token for its amount."""
    currency = company.currency_id
    token = generate_access_token(partner.id, amount, currency.id, env=env)
    query = {
        "amount": amount,
        "currency_id": currency.id,
        "partner_id": partner.id,
        "company_id": company.id,
        "access_token": token,
    }
    return {
        "page": f"/payment/pay?{urlencode(query)}",
        "transaction": "/payment/transaction",
        "params": {
            **choice,
            "amount": amount,
            "currency_id": currency.id,
            "partner_id": partner.id,
            "access_token": token,
            "landing_route": "/payment/confirmation",
        },
    }


guest = company._get_payment_link_guest_partner()
links = env["payment.link"].create(
    [{"sale_order_id": order.id} for order in orders_of_ours]
)
standalone = env["payment.link"].create(
    [{"amount": 100.0, "company_id": company.id}] * SIZES["our_amounts"]
)
templates = env.ref("sale.mail_template_sale_confirmation") | env.ref(
    "sale.email_template_edi_sale"
)
targets = {
    "odoo_orders": [odoo_order_target(order) for order in orders_of_odoo],
    "our_orders": [our_target(link) for link in links],
    "odoo_amounts": [odoo_amount_target(guest, 100.0)] * SIZES["odoo_amounts"],
    "our_amounts": [our_target(link) for link in standalone],
    "report_templates": templates.ids,
}
env.cr.commit()
with open(OUTPUT, "w") as output:
    json.dump(targets, output)
