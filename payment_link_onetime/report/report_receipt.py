from odoo import api, models
from odoo.exceptions import UserError


class ReportReceipt(models.AbstractModel):
    """The receipt of a charge, whoever paid it."""

    _name = "report.payment_link_onetime.report_receipt"
    _description = "Receipt of a Payment"

    @api.model
    def _get_report_values(self, docids, data=None):
        """Return what the report shows: one receipt for each charge.

        A capture or a refund is on the receipt of the charge that it belongs to.

        :param list docids: The ids of transactions of payment links.
        :param dict data: Not used.
        :rtype: dict
        :raises UserError: if no money was received with one of them.
        """
        charges = self.env["payment.transaction"].browse(docids)
        charges.check_access("read")
        receipts = []
        for charge_sudo in charges.sudo():  # Its provider is not everybody's to read.
            while source_sudo := charge_sudo.source_transaction_id:
                charge_sudo = source_sudo
            link_sudo = charge_sudo.payment_link_id
            if not link_sudo:
                raise UserError(
                    self.env._(
                        "%(reference)s was not paid with a payment link: print the"
                        " receipt of its payment instead.",
                        reference=charge_sudo.reference,
                    )
                )
            receipts.append(link_sudo._get_receipt_values(charge_sudo))
        return {
            "doc_ids": docids,
            "doc_model": charges._name,
            "receipts": list(zip(charges, receipts, strict=True)),
        }


class ReportLinkReceipt(models.AbstractModel):
    """The receipt of all that a link asked for."""

    _name = "report.payment_link_onetime.report_link_receipt"
    _description = "Receipt of a Payment Link"

    @api.model
    def _get_report_values(self, docids, data=None):
        """Return what the report shows: one receipt for each link.

        :param list docids: The ids of payment links.
        :param dict data: Not used.
        :rtype: dict
        :raises UserError: if no money was received with one of them.
        """
        links = self.env["payment.link"].browse(docids)
        links.check_access("read")
        # Who may read a link may read what was paid with it, but not its transactions.
        receipts = [
            link_sudo._get_receipt_values(link_sudo._get_receipt_charges())
            for link_sudo in links.sudo()
        ]
        return {
            "doc_ids": docids,
            "doc_model": links._name,
            "receipts": list(zip(links, receipts, strict=True)),
        }
