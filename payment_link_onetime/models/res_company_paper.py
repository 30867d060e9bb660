from odoo import fields, models


class ResCompany(models.Model):
    """On which of its papers a company prints a QR code to pay by.

    Neither is on at first: an addon that is installed must not change what customers
    get, nor make links that nobody asked for.
    """

    _inherit = "res.company"

    payment_link_on_quotation = fields.Boolean(
        string="QR Code on Quotations",
        help="Quotations that are sent get a payment link, and their PDF its QR code.",
    )
    payment_link_on_invoice = fields.Boolean(
        string="QR Code on Invoices",
        help="Customer invoices that are sent or printed get a payment link, and their"
        " PDF its QR code.",
    )
