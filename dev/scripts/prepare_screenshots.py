"""Run in Odoo's shell: a shop with a quotation, as the pictures in docs/ show it.

It is given `answer_path`, the file to write to.
"""

import base64
import io
import json
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from odoo.fields import Command

INK = "#2f5d50"
NAME = "Oak & Linen"


def draw_logo():
    """Return a word mark as a PNG, twice as large as the page shows it."""
    font = ImageFont.load_default(72)
    left, top, right, bottom = font.getbbox(NAME)
    image = Image.new("RGBA", (right - left + 16, bottom - top + 24))
    ImageDraw.Draw(image).text((8 - left, 12 - top), NAME, font=font, fill=INK)
    output = io.BytesIO()
    image.save(output, "PNG")
    return base64.b64encode(output.getvalue())


def set_up_shop(env):
    env.ref("base.user_admin").odoobot_state = "disabled"  # It would open a chat.
    env["ir.config_parameter"].set_param("web.base.url", "https://shop.example.com")
    env["ir.config_parameter"].set_param("web.base.url.freeze", "True")
    env.company.write(
        {
            "name": NAME,
            "email": "hello@shop.example.com",
            "phone": "+1 555 0100",
            "logo": draw_logo(),
            "email_secondary_color": INK,
            "email_primary_color": "#ffffff",
        }
    )


def create_quotation(env):
    group = env["account.tax.group"].create({"name": "Sales tax"})
    tax = env["account.tax"].create(
        {"name": "10%", "amount": 10.0, "tax_group_id": group.id}
    )
    lines = [
        ("Oak garden chair", 2, 140.0),
        ("Linen cushion", 4, 18.0),
        ("Delivery to your door", 1, 28.0),
    ]
    customer = env["res.partner"].create(
        {
            "name": "Ada Byron",
            "email": "ada.byron@example.com",
            "street": "12 Analytical Row",
            "city": "Springfield",
            "country_id": env.ref("base.us").id,
        }
    )
    order_lines = []
    for name, quantity, price in lines:
        product = env["product.product"].create({"name": name, "list_price": price})
        values = {
            "product_id": product.id,
            "name": name,
            "product_uom_qty": quantity,
            "price_unit": price,
            "tax_ids": [Command.set(tax.ids)],
        }
        order_lines.append(Command.create(values))
    return env["sale.order"].create(
        {"partner_id": customer.id, "order_line": order_lines}
    )


def create_instalments(env, customer, *amounts):
    """Return a link in parts, of which some are paid and in the books."""
    link = env["payment.link"].create(
        {
            "amount": 2400.0,
            "reference": "KITCHEN-7",
            "description": "Your oak kitchen",
            "partner_id": customer.id,
            "allow_partial": True,
            "minimum_percent": 30.0,
        }
    )
    provider = env.ref("payment.payment_provider_demo")
    for amount in amounts:
        charge = env["payment.transaction"].create(
            {
                "amount": link._claim("a browser", displayed_amount=amount),
                "reference": f"{link.code}-{link.charge_count}",
                "provider_id": provider.id,
                "payment_method_id": provider.payment_method_ids[:1].id,
                "operation": "online_direct",
                "currency_id": link.currency_id.id,
                "partner_id": customer.id,
                **link._get_charge_values(),
            }
        )
        charge._set_done()
    env["payment.transaction"]._cron_book_payment_links()
    return link


set_up_shop(env)
admin_env = env(user=env.ref("base.user_admin"))
quotation = create_quotation(admin_env)
instalments = create_instalments(admin_env, quotation.partner_id, 720.0, 800.0)
env.cr.commit()
answer = {
    "order_id": quotation.id,
    "instalments_id": instalments.id,
    "instalments_path": instalments._get_page_path(),
}
Path(answer_path).write_text(json.dumps(answer))
