import re
from datetime import datetime, time, timedelta

import pytz

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..const import THRESHOLDS


class ResCompany(models.Model):
    _inherit = "res.company"

    payment_link_expiry_days = fields.Integer(
        string="Payment Link Expiry",
        default=30,
        help="Days after which a new payment link expires, at the end of the day in the"
        " company's time zone. 0: never.",
    )
    payment_link_claim_minutes = fields.Integer(
        string="Payment Link Claim",
        default=10,
        help="Minutes for which a payer who went to a provider is protected from"
        " somebody else paying the same link.",
    )
    payment_link_guest_partner_id = fields.Many2one(
        "res.partner",
        string="Guest Contact",
        help="Payments of links without a customer are booked on this contact.",
    )
    payment_link_surplus_policy = fields.Selection(
        [("person", "Ask the salesperson"), ("refund", "Refund it")],
        string="Payment Link Surplus",
        default="person",
        required=True,
        help="What happens with money that was paid beyond what a payment link asked.",
    )
    payment_link_hold_days = fields.Integer(
        string="Payment Link Authorization",
        default=6,
        help="Days after which somebody is told that authorized money was neither"
        " captured nor voided. Many providers give it back after a week. 0: never.",
    )
    payment_link_redirect_hosts = fields.Text(
        string="Payment Link Return Hosts",
        help="The hosts to whose pages payers can return after they paid, one per line,"
        " for example shop.example.com.",
    )

    _payment_link_hold_days_positive = models.Constraint(
        "CHECK(payment_link_hold_days >= 0)",
        "The days that authorized money may wait cannot be negative.",
    )
    _payment_link_expiry_days_positive = models.Constraint(
        "CHECK(payment_link_expiry_days >= 0)",
        "The days after which payment links expire cannot be negative.",
    )
    _payment_link_claim_minutes_positive = models.Constraint(
        "CHECK(payment_link_claim_minutes > 0)",
        "A payer needs at least one minute to pay.",
    )

    # === CONSTRAINT METHODS === #

    @api.constrains("payment_link_redirect_hosts")
    def _check_payment_link_redirect_hosts(self):
        for company in self:
            for host in company._get_payment_link_redirect_hosts():
                if not re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+(:[0-9]+)?", host):
                    raise ValidationError(
                        self.env._(
                            "%(host)s is not the name of a host. Write one name per"
                            " line, without https:// and without a path, for example"
                            " shop.example.com.",
                            host=host,
                        )
                    )

    # === GETTERS === #

    def _get_payment_link_redirect_hosts(self):
        """Return to whose pages payers can be sent after they paid.

        :return: Names of hosts in small letters, with a port if it is not the usual one.
        :rtype: set[str]
        """
        self.ensure_one()
        lines = (self.payment_link_redirect_hosts or "").lower().splitlines()
        return {line.strip() for line in lines if line.strip()}

    def _get_payment_link_expiry(self):
        """Return when a link that is created now expires.

        :return: The last moment of the company's last day for it, in UTC, or `False`.
        :rtype: datetime|bool
        """
        self.ensure_one()
        if not self.payment_link_expiry_days:
            return False
        timezone = pytz.timezone(self._get_payment_link_timezone())
        now = pytz.utc.localize(fields.Datetime.now()).astimezone(timezone)
        days = timedelta(days=self.payment_link_expiry_days)
        return self._get_payment_link_end_of_day(now.date() + days)

    def _get_payment_link_end_of_day(self, day):
        """Return the last moment of a day, where the company is.

        :param date day: The day.
        :return: The moment in UTC.
        :rtype: datetime
        """
        self.ensure_one()
        timezone = pytz.timezone(self._get_payment_link_timezone())
        end = timezone.localize(datetime.combine(day, time(23, 59, 59)))
        return end.astimezone(pytz.utc).replace(tzinfo=None)

    def _get_payment_link_threshold(self, currency):
        """Return above which amount links can be paid in parts.

        :param res.currency currency: The link's currency.
        :return: The amount in that currency, or `None` where nobody set it.
        :rtype: float|None
        """
        self.ensure_one()
        threshold = self.env["payment.link.threshold"].search(
            [("company_id", "=", self.id), ("currency_id", "=", currency.id)]
        )
        return threshold.amount if threshold else THRESHOLDS.get(currency.name)

    def _is_payment_link_partial_possible(self, amount, currency):
        """Return whether a link over an amount can be paid in parts.

        :param float amount: The amount.
        :param res.currency currency: Its currency.
        :rtype: bool
        """
        threshold = self._get_payment_link_threshold(currency)
        return threshold is not None and currency.compare_amounts(amount, threshold) > 0

    def _get_payment_link_timezone(self):
        """Return in which time zone the days of the company's links begin and end.

        :return: The name of the time zone.
        :rtype: str
        """
        self.ensure_one()
        return self.partner_id.tz or "UTC"

    def _get_payment_link_guest_partner(self):
        """Return on whom payments without a customer are booked.

        :rtype: res.partner
        """
        self.ensure_one()
        if self.payment_link_guest_partner_id:
            return self.payment_link_guest_partner_id
        # Unlike `ref`, it asks the database only once.
        partner_id = self.env["ir.model.data"]._xmlid_to_res_id(
            "payment_link_onetime.partner_guest", raise_if_not_found=True
        )
        return self.env["res.partner"].browse(partner_id)
