import re

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..const import MAX_REMINDER_DAY, MAX_REMINDERS


class ResCompany(models.Model):
    """What a company sends about its links by itself."""

    _inherit = "res.company"

    payment_link_reminder_sent_days = fields.Char(
        string="Payment Link Reminders after Sending",
        help="How many days after a link was sent the customer is reminded, for example"
        " 3, 7. Empty: not at all.",
    )
    payment_link_reminder_expiry_days = fields.Char(
        string="Payment Link Reminders before Expiry",
        help="How many days before a link expires the customer is reminded, for example"
        " 2. Empty: not at all.",
    )
    payment_link_receipt = fields.Boolean(
        string="Mail Payment Link Receipts",
        default=True,
        help="Whoever pays a payment link gets a receipt by e-mail.",
    )

    # === CONSTRAINT METHODS === #

    @api.constrains(
        "payment_link_reminder_expiry_days", "payment_link_reminder_sent_days"
    )
    def _check_payment_link_reminder_days(self):
        for company in self:
            self._parse_payment_link_days(company.payment_link_reminder_sent_days)
            self._parse_payment_link_days(company.payment_link_reminder_expiry_days)

    # === GETTERS === #

    @api.model
    def _parse_payment_link_days(self, text):
        """Return the days that a list says.

        :param str text: Whole numbers with commas between them, perhaps none.
        :return: The numbers, the smallest first, each once.
        :rtype: list[int]
        :raises ValidationError: for anything else.
        """
        parts = (
            [part.strip() for part in text.split(",")] if (text or "").strip() else []
        )
        if (
            len(parts) > MAX_REMINDERS
            or not all(re.fullmatch("[0-9]{1,3}", part) for part in parts)
            or not all(1 <= int(part) <= MAX_REMINDER_DAY for part in parts)
        ):
            raise ValidationError(
                self.env._(
                    "%(text)s is no list of days. Write at most %(count)s whole numbers"
                    " from 1 to %(maximum)s with commas between them, for example 3, 7.",
                    text=text,
                    count=MAX_REMINDERS,
                    maximum=MAX_REMINDER_DAY,
                )
            )
        return sorted({int(part) for part in parts})
