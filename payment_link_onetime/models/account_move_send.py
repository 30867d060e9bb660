from odoo import models


class AccountMoveSend(models.AbstractModel):
    _inherit = "account.move.send"

    def _hook_invoice_document_before_pdf_report_render(self, invoice, invoice_data):
        """Override of `account` to have the QR code on the PDF that is sent, by a
        person or by the job that sends many."""
        invoice._payment_link_prepare_paper()
        return super()._hook_invoice_document_before_pdf_report_render(
            invoice, invoice_data
        )
