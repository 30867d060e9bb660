"""Run in Odoo's shell: make the invoices for which links are sent in bulk.

The caller puts `COUNT` and `CUSTOMERS` before this code.

ruff: noqa: F821 -- `env` and the caller's variables come from the shell
"""

from odoo import Command, fields

STEP = 250

company = env.ref("base.main_company")
env.user.odoobot_state = "disabled"
customers = env["res.partner"].create(
    [
        {
            "name": f"Customer {number}",
            "email": f"bulk.{number}@example.com",
            "country_id": env.ref("base.us").id,
            "lang": "en_US",
        }
        for number in range(CUSTOMERS)
    ]
)
product_id = env.ref("product.product_delivery_01").id
for start in range(0, COUNT, STEP):
    invoices = env["account.move"].create(
        [
            {
                "move_type": "out_invoice",
                "partner_id": customers[number % CUSTOMERS].id,
                "company_id": company.id,
                "invoice_date": fields.Date.today(),
                "invoice_line_ids": [
                    Command.create(
                        {
                            "product_id": product_id,
                            "price_unit": 100.0,
                            "quantity": quantity,
                            "tax_ids": [Command.clear()],
                        }
                    )
                    for quantity in (1.0, 2.0)
                ],
            }
            for number in range(start, min(start + STEP, COUNT))
        ]
    )
    invoices._post()
    env.cr.commit()
