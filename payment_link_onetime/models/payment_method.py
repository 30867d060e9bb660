from odoo import models


class PaymentMethod(models.Model):
    _name = "payment.method"
    _inherit = ["payment.method", "payment.link.remembered.mixin"]
