"""Run in Odoo's shell: make a shop's user with its keys, and a long list of links.

The caller puts `COUNT` and `OUTPUT` before this code.

ruff: noqa: F821 -- `env` and the caller's variables come from the shell
"""

import json

from odoo import Command

env["ir.config_parameter"].set_param(
    "payment_link_onetime.api_requests_per_minute", 1_000_000
)
groups = ("sales_team.group_sale_salesman_all_leads", "base.group_partner_manager")
user = env["res.users"].create(
    {
        "name": "Shop",
        "login": "bench.shop",
        "group_ids": [Command.link(env.ref(group).id) for group in groups],
    }
)
keys = env["res.users.apikeys"].with_user(user).sudo()
customer = env["res.partner"].create(
    {"name": "Customer", "email": "customer@example.com", "lang": "en_US"}
)
product = env.ref("product.product_delivery_01")
order = (
    env["sale.order"]
    .with_user(user)
    .create(
        {
            "partner_id": customer.id,
            "order_line": [
                Command.create({"product_id": product.id, "price_unit": 250.0})
            ],
        }
    )
)
link = (
    env["payment.link"]
    .with_user(user)
    .create(
        {
            "partner_id": customer.id,
            "reference": "The first one",
            "line_ids": [Command.create({"name": "Two garden chairs", "value": 250.0})],
        }
    )
)
env.flush_all()


def copy(table, record_id, changes):
    """Copy a row for each row of what is given as `FROM`, with some changes.

    What is measured is how links are read. To create that many takes minutes.
    """
    env.cr.execute(
        "SELECT column_name FROM information_schema.columns"
        " WHERE table_name = %s AND column_name <> 'id'",
        [table],
    )
    columns = sorted(name for (name,) in env.cr.fetchall())
    values = ", ".join(changes.get(name, f'"{name}"') for name in columns)
    names = ", ".join(f'"{name}"' for name in columns)
    env.cr.execute(
        f"INSERT INTO {table} ({names}) SELECT {values}"
        f" FROM {table}, {changes['FROM']} WHERE {table}.id = %s",
        [record_id],
    )


copy(
    "payment_link",
    link.id,
    {
        "FROM": f"generate_series(1, {COUNT}) AS number",
        "code": "'B' || lpad(number::text, 7, '0')",
        "access_token": "access_token || number",
        "reference": "'Copy ' || number",
    },
)
copy(
    "payment_link_line",
    link.line_ids.id,
    {
        "FROM": "(SELECT id AS copied FROM payment_link WHERE reference LIKE 'Copy %%')"
        " AS links",
        "link_id": "copied",
    },
)
env.cr.execute("ANALYZE payment_link, payment_link_line")
with open(OUTPUT, "w") as output:
    json.dump(
        {
            "key": keys._generate("payment_link", "Bench", False),
            "odoo_key": keys._generate(None, "Bench", False),
            "customer": customer.id,
            "product": product.id,
            "order": order.id,
            "link": link.id,
            "code": link.code,
        },
        output,
    )
env.cr.commit()
