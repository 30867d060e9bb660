from werkzeug.exceptions import NotFound

from odoo import http
from odoo.http import content_disposition, request

from . import pay

_IMAGE_TYPES = {"png": "image/png", "svg": "image/svg+xml"}

# What all of it has in common.
_GUEST_FILE = {
    "type": "http",
    "methods": ["GET"],
    "auth": "public",
    "sitemap": False,
    "readonly": True,
}


class PaymentLinkPortal(pay.PaymentLinkPortal):
    """What of a link is carried along: its QR code, and the receipt."""

    # It may be part of somebody else's page, or of a mail: no cookie comes with it.
    @http.route(
        "/pay/<string:access_token>/qr.<any(png, svg):extension>",
        save_session=False,
        **_GUEST_FILE,
    )
    def payment_link_qr_code(self, access_token, extension, download=None, **_kwargs):
        """Return the link's QR code, of which scanners read the link's URL.

        :param str access_token: The secret part of the URL.
        :param str extension: `png`, for screens and printers, or `svg`, which stays
            sharp in every size.
        :param str download: Set to have the browser save it under a telling name.
        :return: The image, or 404 for every wrong token.
        """
        try:
            link_sudo = self._get_link(access_token)
        except NotFound:
            return self._render_not_found()
        headers = {
            **pay.PAGE_HEADERS,
            # The same for as long as the link exists, and as secret as its URL.
            "Cache-Control": "private, max-age=3600",
            "Content-Type": _IMAGE_TYPES[extension],
        }
        if download:
            name = link_sudo._get_qr_code_name()
            headers["Content-Disposition"] = content_disposition(f"{name}.{extension}")
        image = link_sudo._get_qr_code_image(extension)
        return request.make_response(image, headers=headers)

    @http.route("/pay/<string:access_token>/receipt", **_GUEST_FILE)
    def payment_link_receipt(self, access_token, **_kwargs):
        """Show the receipt of what this visitor paid, ready to be printed.

        :param str access_token: The secret part of the URL.
        :return: The page; 404 as long as there is no receipt for this visitor, and for
            every wrong token.
        """
        try:
            link_sudo = self._get_link(access_token)
            charges_sudo = self._get_receipt_charges(link_sudo)
        except NotFound:
            return self._render_not_found()
        return self._render_page(
            "payment_link_onetime.receipt_page",
            {
                "receipt": link_sudo._get_receipt_values(charges_sudo),
                "back_path": link_sudo._get_page_path(),
            },
            200,
        )

    @http.route("/pay/<string:access_token>/receipt.pdf", **_GUEST_FILE)
    def payment_link_receipt_pdf(self, access_token, **_kwargs):
        """Return the receipt of what this visitor paid as a PDF.

        :param str access_token: The secret part of the URL.
        :return: The PDF, or a redirection to the page with the same receipt where none
            can be made; 404 as long as there is no receipt for this visitor, and for
            every wrong token.
        """
        try:
            link_sudo = self._get_link(access_token)
            charges_sudo = self._get_receipt_charges(link_sudo)
        except NotFound:
            return self._render_not_found()
        pdf = link_sudo._render_receipt_pdf(charges_sudo)
        if not pdf:
            return request.redirect(f"{link_sudo._get_page_path()}/receipt", code=303)
        name = link_sudo.env._(
            "Receipt %(number)s", number=link_sudo._get_receipt_number(charges_sudo)
        )
        return request.make_response(
            pdf,
            headers={
                **pay.PAGE_HEADERS,
                "Content-Type": "application/pdf",
                "Content-Disposition": content_disposition(f"{name}.pdf"),
            },
        )

    def _get_receipt_charges(self, link_sudo):
        """Return the charges on this visitor's receipt.

        :rtype: payment.transaction
        :raise NotFound: If there is nothing to give her a receipt for.
        """
        own_charge_sudo = self._get_own_charge(link_sudo)
        charges_sudo = link_sudo._get_guest_receipt_charges(own_charge_sudo)
        if not charges_sudo:
            raise NotFound()
        return charges_sudo
