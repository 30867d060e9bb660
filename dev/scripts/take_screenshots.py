"""Run in the virtual environment: take the pictures in docs/ from a running server.

Its arguments: the server's address, what `prepare_screenshots.py` says of the shop, the
folder for the pictures, and Chromium's path.
"""

import io
import json
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from dev.chromium import FLAGS

WINDOW = {"viewport": {"width": 1120, "height": 720}, "device_scale_factor": 2}
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}


def save(page, path, **options):
    """Take a picture of a page; 256 colours are enough for it, and a third of the bytes."""
    page.evaluate("document.fonts.ready")
    page.wait_for_function("[...document.images].every((image) => image.complete)")
    image = Image.open(io.BytesIO(page.screenshot(animations="disabled", **options)))
    image.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(
        path, optimize=True
    )
    print(f"  {path.name}: {path.stat().st_size / 1000:.0f} kB")


def take_dialog(page, url, order_id, folder):
    """Do what a salesperson does, and return the pay URL's path."""
    page.goto(f"{url}/web/login")
    page.fill("#login", "admin")
    page.fill("#password", "admin")
    page.click("button[type=submit]")
    page.wait_for_selector(".o_main_navbar")
    page.goto(f"{url}/odoo/sales/{order_id}")
    page.click("button[name=action_send_payment_link]")
    page.click(".modal button[name=action_create_link]")
    page.wait_for_selector(".modal [name=qr_code] img")
    save(page, folder / "dialog.png")
    text = page.locator(".modal [name=url]").inner_text()
    return text[text.index("/pay/") :].strip()


def take_refund(page, url, link_id, folder):
    """Do what a bookkeeper does, up to the review."""
    page.goto(f"{url}/odoo/payment-links/{link_id}")
    page.click("button[name=action_refund]")
    amount = page.locator(".modal [name=amount] input")
    amount.fill("1000")
    amount.press("Tab")
    page.click(".modal [name=reason] input")
    page.click(".o_select_menu_item:has-text('Requested by the customer')")
    page.locator(".modal [name=review] tr").nth(2).wait_for()
    save(page, folder / "refund.png")


def take_dashboard(page, url, folder):
    """See what a salesperson sees first."""
    page.goto(f"{url}/odoo/payment-links-dashboard")
    page.wait_for_selector(".o_payment_link_tables")
    size = page.viewport_size
    page.set_viewport_size({**size, "height": 960})
    save(page, folder / "dashboard.png")
    page.set_viewport_size(size)


def take_page(page, url, folder):
    """Do what the customer does."""
    page.goto(url)
    page.wait_for_selector("[name=o_payment_submit_button]:enabled")
    save(page, folder / "page-phone.png", full_page=True)
    page.click("[name=o_payment_submit_button]")
    page.wait_for_selector(".o_payment_link_outcome_completed")
    save(page, folder / "confirmation-phone.png", full_page=True)


def take_instalments(page, url, folder):
    """See what the customer sees who has paid two parts of three."""
    page.goto(url)
    page.wait_for_selector("[name=o_payment_submit_button]:enabled")
    save(page, folder / "parts-phone.png", full_page=True)


def take_mail(page, url, html, folder):
    """See what the customer gets. Its pictures come from this server."""
    page.goto(url)  # A page without an address may load nothing.
    page.set_content(html.replace('src="https://shop.example.com', f'src="{url}'))
    save(page, folder / "mail.png", full_page=True)


def take_poster(page, url, folder):
    """See what hangs at the counter."""
    page.goto(url)
    save(page, folder / "poster.png", full_page=True)


def take_translation(page, url, path):
    page.goto(url)
    page.wait_for_load_state("networkidle")
    save(page, path, full_page=True)


def main(url, shop, folder, chromium):
    folder, shop = Path(folder), json.loads(shop)
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        office = browser.new_context(**WINDOW).new_page()
        path = take_dialog(office, url, shop["order_id"], folder)
        take_dashboard(office, url, folder)
        take_refund(office, url, shop["instalments_id"], folder)
        take_page(browser.new_context(**PHONE).new_page(), f"{url}{path}", folder)
        parts_url = f"{url}{shop['instalments_path']}"
        take_poster(office, url + shop["poster"], folder)
        take_mail(browser.new_context(**PHONE).new_page(), url, shop["mail"], folder)
        for name, translated in shop["translations"].items():
            page = browser.new_context(**PHONE).new_page()
            take_translation(page, url + translated, folder / f"{name}.png")
        take_instalments(browser.new_context(**PHONE).new_page(), parts_url, folder)
        browser.close()


main(*sys.argv[1:])
