import re

from odoo import api, fields, models
from odoo.exceptions import UserError


class PaymentLink(models.Model):
    """Links that whoever follows an address makes: once for each reference."""

    _inherit = "payment.link"

    is_requested = fields.Boolean(
        string="Made by a Creation Link",
        readonly=True,
        copy=False,
        help="Whoever knows its reference may come to its page.",
    )

    # === BUSINESS METHODS === #

    @api.model
    def _request(self, company, amount, reference, currency_code, redirect_url):
        """Return the link that an address asks for, and create it if it is new.

        Who asks first decides on amount and currency.

        :param res.company company: Whose link it is, in sudo.
        :param str amount: The amount, as it stands in the address.
        :param str reference: The reference.
        :param str currency_code: The currency's code; empty for the company's own.
        :param str redirect_url: Where the payer can return to, or nothing.
        :return: The link in sudo.
        :rtype: payment.link
        :raises UserError: saying what is wrong with the address.
        """
        currency = self._find_requested_currency(company, currency_code)
        links_sudo = self.sudo().with_company(company)  # Guests make no links.
        link_sudo = links_sudo.find_or_create(
            reference,
            {
                "company_id": company.id,
                "currency_id": currency.id,
                "amount": self._read_requested_amount(amount, currency),
                "redirect_url": redirect_url or False,
                "is_requested": True,
                "user_id": False,
            },
        )
        if not link_sudo.is_requested:
            # Who guesses the number of somebody's order finds no way to its page.
            raise UserError(
                self.env._("The reference %(reference)s is taken.", reference=reference)
            )
        return link_sudo

    @api.model
    def _find_requested_currency(self, company, code):
        """Return the currency that an address names.

        :param res.company company: Whose currency it is if it names none.
        :param str code: The ISO code, or nothing.
        :rtype: res.currency
        :raises UserError: for a code of no active currency.
        """
        if not code:
            return company.currency_id
        currency = self.env["res.currency"].sudo().search([("name", "=", code)])
        if not currency:
            raise UserError(
                self.env._("The currency %(code)s is not available.", code=code[:10])
            )
        return currency

    @api.model
    def _read_requested_amount(self, text, currency):
        """Return the amount that an address names. Nothing about it is guessed.

        :param str text: Digits, perhaps with a point and the currency's decimals.
        :param res.currency currency: The currency.
        :rtype: float
        :raises UserError: for anything else.
        """
        decimals = currency.decimal_places
        match = re.fullmatch(r"[0-9]{1,12}(?:\.([0-9]+))?", text, re.ASCII)
        if not match or len(match[1] or "") > decimals:
            raise UserError(
                self.env._(
                    "The amount must be a number such as %(example)s: digits, and a"
                    " point before the decimals.",
                    example=f"{250:.{decimals}f}",
                )
            )
        return float(text)
