from odoo import models


class PaymentLinkSend(models.TransientModel):
    """What the dialog hands over of a link that is there: its QR code, its poster."""

    _inherit = "payment.link.send"

    # === ACTION METHODS === #

    def action_download_qr_png(self):
        """Save the link's QR code as an image for screens and printers.

        :return: The URL action. The dialog stays open.
        :rtype: dict
        """
        return self._ensure_link().action_download_qr_png()

    def action_download_qr_svg(self):
        """Save the link's QR code as a drawing that stays sharp in every size.

        :return: The URL action. The dialog stays open.
        :rtype: dict
        """
        return self._ensure_link().action_download_qr_svg()

    def action_print_poster(self):
        """Open the link's poster in the browser, which prints it.

        :return: The URL action. The dialog stays open.
        :rtype: dict
        :raises UserError: if the link takes no money any more.
        """
        return self._ensure_link().action_print_poster()
