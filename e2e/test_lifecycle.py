"""The addon comes, is upgraded, and goes, and Odoo runs on."""

import re

import pytest
import requests
from ledger import Ledger
from links import AMOUNT, create_links
from lxml import html

NAME = "payment_link_onetime"

# What the books refer to: Odoo keeps it when the addon goes, and finds it when it comes back.
KEPT = re.compile(
    r"res\.partner partner_guest"
    r"|payment\.(provider|transaction) \w+"
    r"|account\.payment\.method\.line \w+"
    r"|sale\.order \w+"
)

# What the addon owns in the database, and what must be gone with it.
LEFTOVERS = {
    "records": f"SELECT model || ' ' || name FROM ir_model_data WHERE module = '{NAME}'",
    "models": "SELECT model FROM ir_model WHERE model LIKE 'payment.link%%'"
    " AND model != 'payment.link.wizard'",
    "fields": "SELECT model || ' ' || name FROM ir_model_fields"
    " WHERE name LIKE '%%payment_link%%'",
    "tables": "SELECT tablename FROM pg_tables WHERE tablename LIKE 'payment_link%%'"
    " AND tablename != 'payment_link_wizard'",
    "columns": "SELECT table_name || ' ' || column_name FROM information_schema.columns"
    " WHERE column_name LIKE '%%payment_link%%' AND table_schema = 'public'",
    "views": "SELECT key FROM ir_ui_view WHERE key LIKE '" + NAME + ".%%'"
    " OR arch_db::text LIKE '%%" + NAME + "%%'",
    "jobs": "SELECT cron_name FROM ir_cron WHERE cron_name LIKE 'Payment Links%%'",
    "menus": "SELECT id FROM ir_ui_menu WHERE name->>'en_US' = 'Payment Links'",
    "templates": "SELECT id FROM mail_template WHERE name->>'en_US' LIKE 'Payment Link:%%'",
    "groups": "SELECT id FROM res_groups_privilege WHERE name->>'en_US' = 'Payment Links'",
    "messages": "SELECT id FROM mail_message WHERE model LIKE 'payment.link%%'",
    "attachments": "SELECT id FROM ir_attachment WHERE res_model LIKE 'payment.link%%'"
    " AND res_model != 'payment.link.wizard'",
}


@pytest.fixture
def run_odoo(odoo):
    """Give a function that runs Odoo on the database of a server that was stopped."""

    def run(server, option, log_name):
        configuration = odoo.configuration("lifecycle")
        arguments = ["server", "-c", configuration, "-d", server.database, option, NAME]
        arguments += ["--stop-after-init", "--no-http", "--max-cron-threads=0"]
        log = odoo.run(*arguments, log_name=log_name).read_text()
        assert not re.search(r" (ERROR|CRITICAL) ", log), log[-3000:]

    return run


def read_leftovers(server):
    ledger = Ledger(server)
    try:
        found = {
            name: [row[0] for row in ledger.rows(query.replace("%%", "%"))]
            for name, query in LEFTOVERS.items()
        }
    finally:
        ledger.close()
    found["records"] = [name for name in found["records"] if not KEPT.fullmatch(name)]
    return {name: rows for name, rows in found.items() if rows}


def pay(server, link):
    """Pay a link and book it here: a job of the server's would die with the server."""
    browser = link.visit()
    browser.finish(browser.pay("demo"))
    assert "We received your payment" in browser.text
    with server.environment() as env:
        env["payment.transaction"]._cron_book_payment_links()


def pay_at_odoos_own_door(server):
    """Create a quotation, and pay it as a customer does in Odoo's portal."""
    with server.environment() as env:
        product = env["product.product"].create({"name": "Bench", "taxes_id": False})
        customer = env["res.partner"].create(
            {"name": "Grace Payer", "email": "grace.payer@example.com"}
        )
        order = env["sale.order"].create(
            {
                "partner_id": customer.id,
                "require_payment": True,
                "require_signature": False,
                "prepayment_percent": 1.0,
                "order_line": [
                    (0, 0, {"product_id": product.id, "price_unit": AMOUNT})
                ],
            }
        )
        order.action_quotation_sent()
        path, order_id = order.get_portal_url(), order.id
    session = requests.Session()
    page = html.fromstring(session.get(server.url + path).content)
    (form,) = page.xpath("//form[@id='o_payment_form']")
    option = page.xpath("//input[@data-provider-code='demo']")[0]
    response = session.post(
        server.url + form.get("data-transaction-route"),
        json={
            "params": {
                "provider_id": int(option.get("data-provider-id")),
                "payment_method_id": int(option.get("data-payment-option-id")),
                "token_id": None,
                "amount": AMOUNT,
                "flow": "direct",
                "tokenization_requested": False,
                "landing_route": form.get("data-landing-route"),
                "access_token": form.get("data-access-token"),
                "is_validation": False,
            }
        },
    )
    reference = response.json()["result"]["reference"]
    session.post(
        f"{server.url}/payment/demo/simulate_payment",
        json={
            "params": {
                "reference": reference,
                "payment_details": "1234",
                "simulated_state": "done",
            }
        },
    )
    with server.environment() as env:
        transaction = env["payment.transaction"].search([("reference", "=", reference)])
        assert transaction.state == "done"
        # Odoo's own way needs wkhtmltopdf for the mail, which is not the subject.
        env["ir.config_parameter"].set_param("sale.async_emails", True)
        transaction._post_process()
        assert transaction.payment_id.state in ("in_process", "paid")
        assert env["sale.order"].browse(order_id).state == "sale"


def test_the_addon_comes_and_goes(odoo, start_server, run_odoo):
    """Installed with demo data, used, upgraded, used, uninstalled, and installed again."""
    with start_server(workers=0) as server:
        with server.environment() as env:
            assert env.ref(f"{NAME}.link_open").state == "open"
        on_order, *_others = create_links(server, 2)
        (standalone,) = create_links(server, 1, on_orders=False)
        pay(server, on_order)
        pay(server, standalone)
        server.stop()

        run_odoo(server, "-u", "lifecycle-upgrade")
        server.start()
        (link,) = create_links(server, 1)
        pay(server, link)
        payments = count_payments(server)
        server.stop()

        odoo.shell(
            server.database,
            f"env['ir.module.module'].search([('name', '=', '{NAME}')])"
            ".button_immediate_uninstall()\nenv.cr.commit()\n",
            "lifecycle-uninstall",
        )
        leftovers = read_leftovers(server)
        assert not leftovers, leftovers
        assert count_payments(server) >= payments

        server.start()
        assert requests.get(server.url + link.path).status_code == 404
        pay_at_odoos_own_door(server)
        server.stop()

        run_odoo(server, "-i", "lifecycle-install")
        server.start()
        (link,) = create_links(server, 1)
        pay(server, link)


def count_payments(server):
    """Return how many payments are in the books."""
    ledger = Ledger(server)
    try:
        ((count,),) = ledger.rows("SELECT COUNT(*) FROM account_payment")
    finally:
        ledger.close()
    return count
