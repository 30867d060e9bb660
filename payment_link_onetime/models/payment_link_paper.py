import base64

from odoo import models

from ..tools import qr_code_png, qr_code_svg


class PaymentLink(models.Model):
    """How a link is carried on paper: its QR code, and what stands beside it."""

    _inherit = "payment.link"

    # === ACTION METHODS === #

    def action_download_qr_png(self):
        """Save the link's QR code as an image for screens and printers.

        :return: The URL action.
        :rtype: dict
        """
        return self._get_file_action("qr.png?download=1")

    def action_download_qr_svg(self):
        """Save the link's QR code as a drawing that stays sharp in every size.

        :return: The URL action.
        :rtype: dict
        """
        return self._get_file_action("qr.svg?download=1")

    def action_print_poster(self):
        """Open the link's poster in the browser, which prints it.

        The same as a PDF is in the Print menu.

        :return: The URL action.
        :rtype: dict
        :raises UserError: if nobody can pay the link any more.
        """
        self._check_sendable()  # Here it is a dialog, and there a page of its own.
        return {
            "type": "ir.actions.act_url",
            "url": f"/report/html/payment_link_onetime.report_poster/{self.id}",
            "target": "new",
        }

    # === GETTERS === #

    def _get_file_action(self, name):
        """Return how a user gets at a file below the pay URL.

        :param str name: The file's name, and what else the address needs.
        :return: The URL action.
        :rtype: dict
        """
        self.ensure_one()
        # The path holds the link's secret, and anybody may call an action.
        self.check_access("read")
        return {
            "type": "ir.actions.act_url",
            "url": f"{self._get_page_path()}/{name}",
            "target": "download",
        }

    def _get_qr_code_image(self, extension):
        """Return the QR code that scanners read the link's URL from.

        :param str extension: `png` or `svg`.
        :return: The image.
        :rtype: bytes
        """
        self.ensure_one()
        if extension == "svg":
            return qr_code_svg(self.url)
        return base64.b64decode(qr_code_png(self.url))

    def _get_qr_code_name(self):
        """Return what a file with the QR code is called, without its ending.

        :rtype: str
        """
        self.ensure_one()
        return self.env._(
            "QR code %(reference)s", reference=self.reference.replace("/", "-")
        )

    def _get_paper_values(self):
        """Return what is printed beside the QR code, in the language of the context.

        :rtype: dict
        """
        self.ensure_one()
        return {
            "qr_code": qr_code_png(self.url),
            "url": self.url,
            "reference": self.reference,
            "amount": self._format_amount(self._get_amount_to_pay()),
            "expiry": self.expires_at and self._format_time(self.expires_at),
        }

    def _get_poster_values(self):
        """Return what the link's poster shows, in the language of the context.

        :rtype: dict
        :raises UserError: if nobody can pay the link any more.
        """
        self._check_sendable()
        lang = self.env["res.lang"]._get_data(code=self.env.lang)
        return {**self._get_paper_values(), "direction": lang.direction}
