import io
import re

from PIL import Image

from odoo.tests import tagged

from .common import PaymentLinkHttpCommon


@tagged("post_install", "-at_install")
class TestQrCode(PaymentLinkHttpCommon):
    """`GET /pay/<token>/qr.png` and `/pay/<token>/qr.svg`. See `e2e/test_paper.py` for
    what a scanner reads."""

    def _get_file(self, link, name, **kwargs):
        return self.url_open(f"{link._get_page_path()}/{name}", **kwargs)

    def test_E1_png(self):
        response = self._get_file(self._create_link(), "qr.png")
        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.headers["Content-Type"], "image/png")
        self.assertNotIn("Content-Disposition", response.headers)
        image = Image.open(io.BytesIO(response.content))
        # Four white squares around it, of eight points each.
        edge = image.convert("L").crop((0, 0, image.width, 32))
        self.assertEqual(edge.getextrema(), (255, 255))
        self.assertEqual(image.convert("L").getpixel((32, 32)), 0)

    def test_E1_svg(self):
        response = self._get_file(self._create_link(), "qr.svg")
        self.assertEqual(response.status_code, 200)
        self.assertEqual(
            response.headers["Content-Type"].split(";")[0], "image/svg+xml"
        )
        self.assertIn(b"<svg", response.content)
        self.assertIn(b'fill="white"', response.content)

    def test_E1_download_has_a_telling_name(self):
        link = self._create_standalone_link(reference="INV/2026/00007")
        for extension in ("png", "svg"):
            response = self._get_file(link, f"qr.{extension}?download=1")
            disposition = response.headers["Content-Disposition"]
            self.assertRegex(disposition, "^attachment")
            self.assertIn(f"QR%20code%20INV-2026-00007.{extension}", disposition)

    def test_E1_form_hands_out_both(self):
        link = self._create_link()
        for extension in ("png", "svg"):
            action = getattr(link, f"action_download_qr_{extension}")()
            response = self.url_open(action["url"])
            self.assertEqual(response.status_code, 200)
            self.assertIn(f".{extension}", response.headers["Content-Disposition"])

    def test_D1_code_keeps_its_secret(self):
        """Only its reader's browser may keep it, and it leaves no session."""
        link = self._create_link()
        self.opener.cookies.clear()
        response = self._get_file(link, "qr.png")
        self.assertIn("private", response.headers["Cache-Control"])
        self.assertIn("noindex", response.headers["X-Robots-Tag"])
        self.assertNotIn("session_id", response.cookies)

    def test_rule_7_code_changes_nothing(self):
        link = self._create_link()
        self.env.flush_all()
        before = link.read()
        self._get_file(link, "qr.png")
        self._get_file(link, "qr.svg", method="HEAD")
        self.env.invalidate_all()
        self.assertEqual(link.read(), before)

    def test_rule_8_every_wrong_token_is_the_same_404(self):
        link = self._create_link()
        token = link.access_token
        answers = set()
        for wrong in ("x", token[:-1], token + "x", link.code, "%00", "%F0%9F%98%80"):
            for name in ("qr.png", "qr.svg", "receipt", "receipt.pdf"):
                response = self.url_open(f"/pay/{wrong}/{name}")
                self.assertEqual(response.status_code, 404, (wrong, name))
                answers.add(re.sub(r'csrf_token: "[^"]*"', "", response.text))
        page = self.url_open("/pay/x")
        answers.add(re.sub(r'csrf_token: "[^"]*"', "", page.text))
        self.assertEqual(len(answers), 1)

    def test_code_in_another_format(self):
        response = self._get_file(self._create_link(), "qr.gif")
        self.assertEqual(response.status_code, 404)

    def test_arguments_that_nobody_sends(self):
        link = self._create_link()
        for query in ("link_sudo=1", "extension=exe", "access_token=x"):
            with self.subTest(query=query):
                response = self._get_file(link, f"qr.png?{query}")
                self.assertEqual(response.headers["Content-Type"], "image/png")
