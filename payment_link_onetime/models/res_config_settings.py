from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    payment_link_expiry_days = fields.Integer(
        related="company_id.payment_link_expiry_days", readonly=False
    )
    payment_link_claim_minutes = fields.Integer(
        related="company_id.payment_link_claim_minutes", readonly=False
    )
    payment_link_guest_partner_id = fields.Many2one(
        related="company_id.payment_link_guest_partner_id", readonly=False
    )
    payment_link_surplus_policy = fields.Selection(
        related="company_id.payment_link_surplus_policy", readonly=False, required=True
    )
    payment_link_hold_days = fields.Integer(
        related="company_id.payment_link_hold_days", readonly=False
    )
    payment_link_redirect_hosts = fields.Text(
        related="company_id.payment_link_redirect_hosts", readonly=False
    )
    payment_link_on_quotation = fields.Boolean(
        related="company_id.payment_link_on_quotation", readonly=False
    )
    payment_link_on_invoice = fields.Boolean(
        related="company_id.payment_link_on_invoice", readonly=False
    )
    payment_link_request_enabled = fields.Boolean(
        related="company_id.payment_link_request_enabled", readonly=False
    )
    payment_link_request_signed = fields.Boolean(
        related="company_id.payment_link_request_signed", readonly=False
    )
    payment_link_request_host = fields.Char(
        related="company_id.payment_link_request_host", readonly=False
    )
    payment_link_request_secret = fields.Char(
        related="company_id.payment_link_request_secret"
    )
    payment_link_request_example = fields.Char(
        related="company_id.payment_link_request_example"
    )
    payment_link_color = fields.Char(
        related="company_id.payment_link_color", readonly=False
    )
    payment_link_text = fields.Html(
        related="company_id.payment_link_text", readonly=False
    )
    payment_link_landing = fields.Selection(
        related="company_id.payment_link_landing", readonly=False, required=True
    )
    payment_link_landing_view_id = fields.Many2one(
        related="company_id.payment_link_landing_view_id", readonly=False
    )
    payment_link_landing_url = fields.Char(
        related="company_id.payment_link_landing_url", readonly=False
    )
    payment_link_reminder_sent_days = fields.Char(
        related="company_id.payment_link_reminder_sent_days", readonly=False
    )
    payment_link_reminder_expiry_days = fields.Char(
        related="company_id.payment_link_reminder_expiry_days", readonly=False
    )
    payment_link_receipt = fields.Boolean(
        related="company_id.payment_link_receipt", readonly=False
    )

    def action_preview_payment_page(self):
        """Open a payment page as customers of the company would see it.

        :return: The URL action.
        :rtype: dict
        """
        return self.company_id.action_preview_payment_page()

    # === ACTION METHODS === #

    def action_renew_payment_link_request_secret(self):
        """Make a new secret for the company's creation links.

        :return: None
        :raises AccessError: as the company's method.
        """
        self.company_id.action_renew_payment_link_request_secret()
