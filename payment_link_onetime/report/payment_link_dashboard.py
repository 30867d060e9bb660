from datetime import datetime, time, timedelta

import pytz

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..const import EXPIRING_DAYS, UNOPENED_DAYS

_COUNTS = ("sent", "opened", "attempted", "paid", "completed")
_AMOUNTS = ("amount_asked", "amount_net", "amount_open")
_PERIOD_DAYS = {"7": 7, "30": 30, "90": 90}


class PaymentLinkReport(models.Model):
    """The figures of the dashboard: those of the report, ready to show."""

    _inherit = "payment.link.report"

    # === BUSINESS METHODS === #

    @api.model
    @api.readonly
    def get_dashboard(self, period="30", user_id=False, company_id=False):
        """Return what came of the links of a period, as far as the user may see them.

        A period is that of the links' creation: what was paid since then counts as
        long as its link was created in the period. Amounts are in the current
        company's currency.

        :param str period: `7`, `30` or `90` for as many days up to today, `year` for
            this year, in the user's time zone.
        :param int user_id: The salesperson, if only one's links are asked for.
        :param int company_id: The company, if only one of the chosen ones is.
        :return: `domain` (of the report, for the links that count), `totals`,
            `channels` and `salespeople` (rows with `sent`, `opened`, `attempted`,
            `paid`, `completed` and `amount_net`, and the `domain` of each), `attention`
            (what a person should look at: `label`, `count`, `model` and `domain`),
            `users` and `companies` to choose from, and the `currency_id` of amounts.
        :rtype: dict
        :raises UserError: for a period that there is not.
        """
        start = self._get_period_start(period)
        created = Domain("date", ">=", start)
        scope = Domain.TRUE
        if company_id:
            scope &= Domain("company_id", "=", company_id)
        everybody = created & scope
        if user_id:
            scope &= Domain("user_id", "=", user_id)
        domain = created & scope
        aggregates = [f"{name}:sum" for name in (*_COUNTS, *_AMOUNTS)]
        [total], channel_groups, user_groups = self._read_grouping_sets(
            domain,
            [[], ["channel", "currency_id"], ["user_id", "currency_id"]],
            [*aggregates, "hours_to_pay:avg"],
        )
        channels = self._sum_groups(channel_groups, "channel", domain)
        salespeople = self._sum_groups(user_groups, "user_id", domain)
        return {
            "currency_id": self.env.company.currency_id.id,
            "domain": _as_json(domain),
            "totals": self._get_totals(channels, total[-1]),
            "channels": channels,
            "salespeople": salespeople,
            "attention": self._get_attention(start, scope),
            "users": (
                self._get_users(everybody)
                if user_id
                else [
                    {"id": row["key"], "name": row["label"]}
                    for row in salespeople
                    if row["key"]
                ]
            ),
            "companies": [
                {"id": company.id, "name": company.name}
                for company in self.env.companies
            ],
        }

    # === GETTERS === #

    @api.model
    def _get_period_start(self, period):
        """Return when a period begins.

        :param str period: As for :meth:`get_dashboard`.
        :return: The moment in UTC.
        :rtype: datetime
        :raises UserError: for a period that there is not.
        """
        today = fields.Date.context_today(self)
        if period == "year":
            start = today.replace(month=1, day=1)
        elif period in _PERIOD_DAYS:
            start = today - timedelta(days=_PERIOD_DAYS[period] - 1)
        else:
            raise UserError(
                self.env._(
                    "The dashboard knows no period %(period)s. Choose 7, 30, 90 or"
                    " year.",
                    period=period,
                )
            )
        timezone = pytz.timezone(self.env.user.tz or "UTC")
        midnight = timezone.localize(datetime.combine(start, time.min))
        return midnight.astimezone(pytz.utc).replace(tzinfo=None)

    @api.model
    def _sum_groups(self, groups, field_name, domain):
        """Add up groups of several companies' currencies.

        :param list groups: Of `_read_grouping_sets`: the value of the field, the
            currency, and the sums.
        :param str field_name: By which field the rows are told apart.
        :param Domain domain: Of all rows.
        :return: The rows, those that were paid most first.
        :rtype: list[dict]
        """
        company, today = self.env.company, fields.Date.context_today(self)
        field = self.fields_get([field_name], ["selection"])[field_name]
        labels = dict(field.get("selection", ()))
        rows = {}
        for value, currency, *sums, _median in groups:
            is_record = isinstance(value, models.BaseModel)
            key = value.id if is_record else value
            row = rows.setdefault(
                key,
                {
                    "key": key or False,
                    # Colleagues of other companies have names as well.
                    "label": value.sudo().name if is_record else labels.get(value),
                    "domain": _as_json(domain & Domain(field_name, "=", key or False)),
                    **dict.fromkeys((*_COUNTS, *_AMOUNTS), 0),
                },
            )
            for name, amount in zip((*_COUNTS, *_AMOUNTS), sums, strict=True):
                amount = amount or 0
                if name in _AMOUNTS:
                    amount = currency._convert(
                        amount, company.currency_id, company, today
                    )
                row[name] += amount
        for row in rows.values():
            row["label"] = row["label"] or False
        return sorted(rows.values(), key=lambda row: (-row["amount_net"], -row["sent"]))

    @api.model
    def _get_totals(self, rows, hours_to_pay):
        """Add up rows that leave out no link.

        :param list rows: As of :meth:`_sum_groups`.
        :param float hours_to_pay: The median of all links, if any was paid.
        :return: The sums, the `time_to_pay` as a text, or `False`, and the
            `completion_rate`, or `False` if nothing was opened.
        :rtype: dict
        """
        totals = {
            name: sum(row[name] for row in rows) for name in (*_COUNTS, *_AMOUNTS)
        }
        return {
            **totals,
            "time_to_pay": totals["paid"] > 0
            and self.env["payment.link"]._format_duration(
                timedelta(hours=hours_to_pay)
            ),
            "completion_rate": (
                totals["opened"] and totals["completed"] / totals["opened"]
            ),
        }

    @api.model
    def _get_attention(self, start, scope):
        """Return what a person should look at, and where it is.

        :param datetime start: When the period begins.
        :param Domain scope: Whose links.
        :rtype: list[dict]
        """
        now = fields.Datetime.now()
        links = self.env["payment.link"]
        created = Domain("create_date", ">=", start)
        to_pay = Domain("state", "=", "open") & Domain("amount_due", ">", 0)
        found = [
            (
                self.env._("Paid late or too much"),
                links,
                created
                & (Domain("paid_late", "=", True) | Domain("amount_surplus", ">", 0)),
            ),
            (
                self.env._("Payment failed, and nothing paid since"),
                links,
                created
                & to_pay
                & Domain("payment_status", "=", "unpaid")
                & Domain("event_ids.type", "=", "failed"),
            ),
            # Whenever it was made: it can still be paid.
            (
                self.env._("Expiring within %(days)s days", days=EXPIRING_DAYS),
                links,
                to_pay
                & Domain("expires_at", ">=", now)
                & Domain("expires_at", "<=", now + timedelta(days=EXPIRING_DAYS)),
            ),
            (
                self.env._(
                    "Sent, and not opened within %(days)s days", days=UNOPENED_DAYS
                ),
                self,
                Domain("date", ">=", start)
                & Domain("date", "<", now - timedelta(days=UNOPENED_DAYS))
                & Domain("state", "=", "open")
                & Domain("sent", "=", 1)
                & Domain("opened", "=", 0),
            ),
        ]
        return [
            {
                "label": label,
                "model": records._name,
                "domain": _as_json(domain & scope),
                "count": records.search_count(domain & scope),
            }
            for label, records, domain in found
        ]

    @api.model
    def _get_users(self, domain):
        """Return whose links there are.

        :param Domain domain: Of which rows.
        :rtype: list[dict]
        """
        groups = self._read_group(domain, ["user_id"])
        # Colleagues of other companies have names as well.
        return [{"id": user.id, "name": user.sudo().name} for (user,) in groups if user]


def _as_json(domain):
    """Return a domain as a list that a browser can read.

    :param Domain domain: The domain, perhaps with times in it.
    :rtype: list
    """
    return [
        term
        if isinstance(term, str)
        else [
            fields.Datetime.to_string(part) if isinstance(part, datetime) else part
            for part in term
        ]
        for term in domain
    ]
