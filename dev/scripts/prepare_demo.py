"""Run in Odoo's shell: turn a prepared database into the one of the demo.

It is given `answer_path`, the file to write to, and `base_url`, the address of the
server.
"""

import json
from pathlib import Path

from odoo.fields import Command


def enable_demo_provider(env):
    """Make sure that the demo provider takes payments, and that they are booked."""
    provider = env.ref("payment.payment_provider_demo")
    provider.write({"state": "test", "is_published": True})
    provider.payment_method_ids.active = True
    assert provider.journal_id, "the demo provider has no journal"


def create_quotation(env):
    return env["sale.order"].create(
        {
            "partner_id": env.ref("base.res_partner_2").id,
            "order_line": [
                Command.create(
                    {
                        "product_id": env.ref(f"product.{product}").id,
                        "product_uom_qty": quantity,
                    }
                )
                for product, quantity in (
                    ("product_delivery_01", 4),
                    ("product_delivery_02", 2),
                )
            ],
        }
    )


def send_link(order):
    """Do what the button "Send payment link" does, and return the link's URL."""
    context = {
        "active_model": order._name,
        "active_id": order.id,
        "active_ids": order.ids,
    }
    wizard = order.env["payment.link.send"].with_context(**context).create({})
    wizard.action_send()
    return wizard.url


# Links in mails hold this address, and the address that one logs in with must not
# replace it.
env["ir.config_parameter"].set_param("web.base.url", base_url)
env["ir.config_parameter"].set_param("web.base.url.freeze", "True")
enable_demo_provider(env)
quotation = create_quotation(env(user=env.ref("base.user_admin")))
url = send_link(quotation)
env.cr.commit()
answer = {
    "order_id": quotation.id,
    "order": quotation.name,
    "page": url.removeprefix(base_url),
}
Path(answer_path).write_text(json.dumps(answer))
