"""E1, D3: what a scanner reads, from the screen and from paper.

The PDFs are made by wkhtmltopdf, drawn at 150 dots per inch in black and white as an office printer
does, and read by a library that knows nothing of the one that made the code.
"""

import io
import re

import pypdfium2
import pytest
import requests
import zxingcpp
from clerks import Clerk
from links import AMOUNT, create_links
from PIL import Image
from playwright.sync_api import expect
from states import PHONE
from test_guest_page import check_accessibility

from dev.wkhtmltopdf import path_with_wkhtmltopdf

DOTS_PER_INCH = 150


@pytest.fixture(scope="module")
def server(start_server):
    """A server that makes PDFs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", path_with_wkhtmltopdf())
        context = start_server()
        running = context.__enter__()
    try:
        with running.environment() as env:
            env.company.write(
                {
                    "payment_link_on_invoice": True,
                    "payment_link_on_quotation": True,
                }
            )
        yield running
    finally:
        context.__exit__(None, None, None)


@pytest.fixture(scope="module")
def clerk(server):
    return Clerk(server)


def print_pdf(content):
    """Return the pages of a PDF as an office printer prints them, and their text."""
    assert content.startswith(b"%PDF"), content[:200]
    pages, text = [], ""
    for page in pypdfium2.PdfDocument(content):
        image = page.render(scale=DOTS_PER_INCH / 72).to_pil()
        pages.append(image.convert("L").convert("1"))
        text += page.get_textpage().get_text_range()
    return pages, " ".join(text.split())


def scan(*images):
    """Return what a scanner reads from the images."""
    return [code.text for image in images for code in zxingcpp.read_barcodes(image)]


def get_pages(server, clerk, name, record_id):
    response = clerk.session.get(f"{server.url}/report/pdf/{name}/{record_id}")
    assert response.status_code == 200, response.text
    return print_pdf(response.content)[0]


def create_order(env, **values):
    product = env["product.product"].create({"name": "Garden chair"})
    partner = env["res.partner"].create({"name": "Ada Payer", "email": "a@example.com"})
    line = {"product_id": product.id, "price_unit": AMOUNT, "tax_ids": []}
    return env["sale.order"].create(
        {"partner_id": partner.id, "order_line": [(0, 0, line)], **values}
    )


def create_invoice(env):
    order = create_order(env)
    line = {"name": "Garden chair", "price_unit": AMOUNT, "tax_ids": []}
    invoice = env["account.move"].create(
        {
            "move_type": "out_invoice",
            "partner_id": order.partner_id.id,
            "invoice_line_ids": [(0, 0, line)],
        }
    )
    invoice.action_post()
    return invoice


def get_only_url(server, model, record_id):
    with server.environment() as env:
        (link,) = env[model].browse(record_id).payment_link_ids
        return link.url


def test_E1_what_a_scanner_reads_is_the_url(server):
    (link,) = create_links(server, 1, on_orders=False)
    with server.environment() as env:
        url = env["payment.link"].browse(link.id).url
    png = requests.get(f"{server.url}{link.path}/qr.png").content
    assert scan(Image.open(io.BytesIO(png))) == [url]


def test_E1_the_drawing_reads_the_same(server, open_browser):
    """On a dark page, too: it brings its white ground along."""
    (link,) = create_links(server, 1, on_orders=False)
    page = open_browser(viewport={"width": 300, "height": 300})
    page.goto(server.url + "/web/health")
    page.set_content(
        f"<body style='background: #222'><img width=180 src='{server.url}{link.path}/qr.svg'>"
    )
    page.wait_for_function("document.images[0].naturalWidth > 0")
    picture = Image.open(io.BytesIO(page.screenshot()))
    assert scan(picture) == [server.url + link.path]


def test_D3_quotation_that_is_sent(server, clerk):
    with server.environment() as env:
        order = create_order(env, require_payment=True, prepayment_percent=0.25)
        order_id = order.id
    clerk.call("sale.order", "action_quotation_send", [order_id])
    url = get_only_url(server, "sale.order", order_id)
    pages = get_pages(server, clerk, "sale.report_saleorder", order_id)
    assert scan(*pages) == [url]


def test_D3_invoice_that_is_printed(server, clerk):
    with server.environment() as env:
        invoice_id = create_invoice(env).id
    clerk.call("account.move", "action_print_pdf", [invoice_id])
    url = get_only_url(server, "account.move", invoice_id)
    report = "account.report_invoice_with_payments"
    assert scan(*get_pages(server, clerk, report, invoice_id)) == [url]


def test_D3_making_a_pdf_makes_no_link(server, clerk):
    with server.environment() as env:
        invoice_id = create_invoice(env).id
    report = "account.report_invoice_with_payments"
    assert not scan(*get_pages(server, clerk, report, invoice_id))
    with server.environment() as env:
        assert not env["account.move"].browse(invoice_id).payment_link_ids


def test_D3_poster(server, clerk):
    first, second = create_links(server, 2)
    name = "payment_link_onetime.report_poster"
    pages = get_pages(server, clerk, name, first.id)
    assert len(pages) == 1
    assert scan(*pages) == [server.url + first.path]
    # Where no PDF can be made, the browser prints the page.
    response = clerk.session.get(
        f"{server.url}/report/html/{name}/{first.id},{second.id}"
    )
    assert response.text.count('o_payment_link_code"') == 2


def test_receipt_as_a_pdf(server, open_browser):
    """A guest's button on the page, and what she saves with it."""
    (link,) = create_links(server, 1)
    browser = link.visit()
    browser.finish(browser.pay("demo"))
    response = browser.session.get(f"{server.url}{link.path}/receipt.pdf")
    assert response.headers["Content-Type"] == "application/pdf"
    assert "no-store" in response.headers["Cache-Control"]
    assert re.search(
        r"attachment;.*Receipt%20\w{8}-1\.pdf", response.headers["Content-Disposition"]
    )
    pages, text = print_pdf(response.content)
    assert len(pages) == 1
    for part in ("Ada Payer", "Garden chair", "Demo", "100.00"):
        assert part in text, text
    page = open_browser(**PHONE)
    page.goto(server.url + link.path)
    with page.expect_download() as download:
        page.get_by_role("link", name="Receipt (PDF)").click()
    assert download.value.suggested_filename.startswith("Receipt ")
    page.goto(f"{server.url}{link.path}/receipt")
    expect(page.get_by_role("heading", name="Receipt")).to_be_visible()
    check_accessibility(page)
