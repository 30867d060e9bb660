"""Run in the virtual environment: take the pictures in docs/ from a running server.

Its arguments: the server's address, the quotation's id, the folder for the pictures, and
Chromium's path.
"""

import io
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


def take_page(page, url, folder):
    """Do what the customer does."""
    page.goto(url)
    page.wait_for_selector("[name=o_payment_submit_button]:enabled")
    save(page, folder / "page-phone.png", full_page=True)
    page.click("[name=o_payment_submit_button]")
    page.wait_for_selector(".o_payment_link_outcome_completed")
    save(page, folder / "confirmation-phone.png", full_page=True)


def main(url, order_id, folder, chromium):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        path = take_dialog(
            browser.new_context(**WINDOW).new_page(), url, order_id, folder
        )
        take_page(browser.new_context(**PHONE).new_page(), f"{url}{path}", folder)
        browser.close()


main(*sys.argv[1:])
