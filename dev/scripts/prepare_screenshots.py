"""Run in Odoo's shell: a shop with a quotation, as the pictures in docs/ show it.

It is given `answer_path`, the file to write to.
"""

import base64
import io
import json
from datetime import timedelta
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from odoo.fields import Command, Datetime

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


def find_tax(env):
    taxes = env["account.tax"]
    if tax := taxes.search([("name", "=", "10%")], limit=1):
        return tax
    group = env["account.tax.group"].create({"name": "Sales tax"})
    return taxes.create({"name": "10%", "amount": 10.0, "tax_group_id": group.id})


def create_quotation(env, customer=None):
    tax = find_tax(env)
    lines = [
        ("Oak garden chair", 2, 140.0),
        ("Linen cushion", 4, 18.0),
        ("Delivery to your door", 1, 28.0),
    ]
    customer = customer or env["res.partner"].create(
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
    for amount in amounts:
        start_payment(env, link, amount)._set_done()
    env["payment.transaction"]._cron_book_payment_links()
    return link


def start_payment(env, link, amount):
    """Return the charge of a payer who has just clicked "Pay"."""
    provider = env.ref("payment.payment_provider_demo")
    return env["payment.transaction"].create(
        {
            "amount": link._claim("a browser", displayed_amount=amount),
            "reference": f"{link.code}-{link.charge_count}",
            "provider_id": provider.id,
            "payment_method_id": provider.payment_method_ids[:1].id,
            "operation": "online_direct",
            "currency_id": link.currency_id.id,
            "partner_id": link.partner_id.id,
            **link._get_charge_values("a browser"),
        }
    )


def create_history(env, customer):
    """Make what a shop did in the last weeks, so that the dashboard has figures."""
    sellers = env["res.users"].create(
        [{"name": name, "login": name.lower()} for name in ("Mina Park", "Jonas Weber")]
    )
    channels = ("email", "sms", "email", "share", "email", "embed", "sms")
    for number in range(48):
        channel = channels[number % len(channels)]
        amount = 40.0 + 35.0 * (number * 7 % 23)
        link = env["payment.link"].create(
            {
                "amount": amount,
                "partner_id": customer.id,
                "user_id": sellers[number % 2].id,
            }
        )
        link._record_event("sent", channel=channel)
        if number % 6:
            link._record_opening("a browser", channel)
        if number % 6 > 1:
            charge = start_payment(env, link, amount)
            if number % 11:
                charge._set_done()
            else:
                charge._set_error("The card was declined")
    env.flush_all()
    # It was not all in this minute.
    env.cr.execute(
        "UPDATE payment_link SET create_date = create_date - id %% 25 * INTERVAL '1 day'"
        " WHERE user_id IN %s",
        (tuple(sellers.ids),),
    )
    env.cr.execute(
        "UPDATE payment_link_event event SET create_date = link.create_date"
        " + CASE event.type WHEN 'paid' THEN 2 + link.id %% 50 ELSE 0 END"
        " * INTERVAL '1 hour'"
        " FROM payment_link link WHERE link.id = event.link_id AND link.user_id IN %s",
        (tuple(sellers.ids),),
    )
    env.invalidate_all()


def create_translations(env, customer):
    """Return links of customers who read other languages: open, and too late."""
    paths = {}
    for code, name in (("de_DE", "Lena Vogel"), ("ar_001", "ليلى حداد")):
        values = {"name": name, "lang": code, "country_id": customer.country_id.id}
        partner = env["res.partner"].create(values)
        order = create_quotation(env, partner)
        links = env["payment.link"].create({"sale_order_id": order.id})
        links += env["payment.link"].create({"amount": 250, "partner_id": partner.id})
        links[1]._store({"expires_at": Datetime.now() - timedelta(hours=1)})
        lang = code.split("_")[0]
        paths[f"page-phone-{lang}"], paths[f"expired-phone-{lang}"] = (
            link._get_page_path() for link in links
        )
    return paths


def render_mail(env, order):
    """Return the mail that brings a quotation's link, and the link's poster."""
    link = env["payment.link"].create({"sale_order_id": order.id})
    layout = "payment_link_onetime.mail_layout"
    template = env.ref("payment_link_onetime.mail_template_payment_link")
    mail_id = template.send_mail(link.id, email_layout_xmlid=layout)
    return env["mail.mail"].browse(mail_id).body_html, link.action_print_poster()["url"]


set_up_shop(env)
admin_env = env(user=env.ref("base.user_admin"))
quotation = create_quotation(admin_env)
instalments = create_instalments(admin_env, quotation.partner_id, 720.0, 800.0)
create_history(admin_env, quotation.partner_id)
other_quotation = create_quotation(admin_env, quotation.partner_id)
mail, poster = render_mail(admin_env, other_quotation)
translations = create_translations(admin_env, quotation.partner_id)
env.cr.commit()
answer = {
    "order_id": quotation.id,
    "instalments_id": instalments.id,
    "instalments_path": instalments._get_page_path(),
    "mail": mail,
    "poster": poster,
    "translations": translations,
}
Path(answer_path).write_text(json.dumps(answer))
