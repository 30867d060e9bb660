"""The company's look and landing pages in a browser."""

import http.server
import ssl
import subprocess
import threading

import pytest
from playwright.sync_api import expect
from states import DESKTOP, PHONE, Pages, choose_demo, reach
from test_guest_page import check_accessibility

SUBMIT = "[name=o_payment_submit_button]"

FRAME = """
<t t-name="own.frame">
    <header style="padding: 1rem; background: #0a5c36; color: #ffffff">
        The Garden Shop
    </header>
    <t t-out="0"/>
    <footer style="padding: 1rem">Free delivery on all orders</footer>
</t>
"""

# What docs/operations.md tells companies to put on their page.
SHOP_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
  <meta charset="utf-8"><meta name="referrer" content="no-referrer">
  <title>Pay at the Garden Shop</title>
</head>
<body>
  <h1>Thank you for your order</h1>
  <a id="pay">Go to the payment</a>
  <script>
    const query = new URLSearchParams(location.search);
    const token = encodeURIComponent(query.get("token") || "");
    const via = encodeURIComponent(query.get("via") || "direct");
    document.getElementById("pay").href = `ODOO/pay/${token}?via=${via}`;
  </script>
</body>
</html>
"""


@pytest.fixture(autouse=True)
def own_company(server):
    """Leave the company as it was."""
    yield
    with server.environment() as env:
        env.company.write({"payment_link_landing": "page", "payment_link_text": False})


@pytest.fixture
def shop(server, tmp_path):
    """The address of the company's shop: a page of its own, by https."""
    certificate = tmp_path / "shop.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"]
        + ["-subj", "/CN=shop.example.com"]
        + ["-keyout", str(certificate), "-out", str(tmp_path / "shop.crt")],
        check=True,
        capture_output=True,
    )
    text = SHOP_PAGE.replace("ODOO", server.url).encode()

    class Shop(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *args):
            """Override: keep quiet."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "shop.crt", certificate)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Shop) as running:
        running.socket = context.wrap_socket(running.socket, server_side=True)
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield running.server_port
        running.shutdown()


def pay(page):
    choose_demo(page, "done")
    page.locator(SUBMIT).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(
        "received your payment"
    )


@pytest.mark.parametrize("screen", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_A7_E3_template_and_text_around_the_form(server, open_browser, screen):
    """The company's template, colour and text; and the payer pays in it."""
    with server.environment() as env:
        view = env["ir.ui.view"].create(
            {"name": "Garden shop", "type": "qweb", "arch": FRAME}
        )
        env.company.write(
            {
                "payment_link_landing": "view",
                "payment_link_landing_view_id": view.id,
                "payment_link_color": "#0a5c36",
                "payment_link_text": "<p>It ships as soon as it is <b>paid</b>.</p>",
            }
        )
        path = Pages(env).create("open")
    page = open_browser(**screen)
    reach(page, "form", f"{server.url}{path}")
    expect(page.get_by_text("The Garden Shop")).to_be_visible()
    expect(page.get_by_text("It ships as soon as it is paid.")).to_be_visible()
    expect(page.locator(SUBMIT)).to_have_css("background-color", "rgb(10, 92, 54)")
    check_accessibility(page)
    pay(page)
    expect(page.get_by_text("The Garden Shop")).to_be_visible()


def test_E3_page_of_the_shop_leads_to_the_form(server, shop, open_browser):
    """The link's address is the shop's; its page, as documented, leads to ours."""
    with server.environment() as env:
        env.company.write(
            {
                "payment_link_landing": "url",
                "payment_link_landing_url": "https://shop.example.com/pay?token={token}",
            }
        )
        pages = Pages(env)
        link = pages._create_link()
        url = link._get_channel_url("email")
        path = link._get_page_path()
    assert url.startswith("https://shop.example.com/pay?token=")
    page = open_browser(**PHONE, ignore_https_errors=True)
    page.goto(url.replace("shop.example.com", f"localhost:{shop}"))
    page.get_by_text("Go to the payment").click()
    page.wait_for_url(f"{server.url}{path}?via=email")
    pay(page)
    assert page.url.startswith(f"{server.url}{path}")


def test_preview_shows_the_page_and_takes_nothing(server, open_browser):
    with server.environment() as env:
        env.user.odoobot_state = "disabled"
        env.company.payment_link_text = "<p>It ships as soon as it is paid.</p>"
        path = env.company.action_preview_payment_page()["url"]
        before = env["payment.link"].search_count([])
    page = open_browser(**PHONE)
    page.goto(f"{server.url}/web/login")
    page.fill("#login", "admin")
    page.fill("#password", "admin")
    page.click("button[type=submit]")
    page.wait_for_url("**/odoo**")
    page.goto(f"{server.url}{path}")
    expect(page.get_by_text("It ships as soon as it is paid.")).to_be_visible()
    box = page.locator(SUBMIT).bounding_box()
    page.mouse.click(box["x"] + 20, box["y"] + 10)
    expect(page.locator(SUBMIT)).to_be_visible()
    with server.environment() as env:
        assert env["payment.link"].search_count([]) == before


def test_settings_screen(server, open_browser):
    """An administrator finds the choices, and is told what is wrong with one."""
    with server.environment() as env:
        env.user.odoobot_state = "disabled"
    page = open_browser(**DESKTOP)
    page.goto(f"{server.url}/web/login?redirect=/odoo/settings%23account")
    page.fill("#login", "admin")
    page.fill("#password", "admin")
    page.click("button[type=submit]")
    page.goto(f"{server.url}/odoo/settings#account")
    page.locator(".settings_tab [data-key=account]").click()
    page.locator("#payment_link_landing").scroll_into_view_if_needed()
    page.get_by_label("A page on your own site").check()
    field = page.locator("[name=payment_link_landing_url] input")
    field.fill("http://shop.example.com")
    page.locator(".o_form_button_save").click()
    expect(page.get_by_text("Payment links cannot lead to")).to_be_visible()
    page.get_by_role("button", name="Stay Here").or_(
        page.get_by_role("button", name="Close")
    ).first.click()
    field.fill("https://shop.example.com/pay?token={token}")
    page.locator(".o_form_button_save").click()
    expect(page.locator(".o_form_button_save")).not_to_be_visible()
    with server.environment() as env:
        assert env.company.payment_link_landing == "url"
