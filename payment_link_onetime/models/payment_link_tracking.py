from datetime import timedelta

from babel.dates import format_timedelta
from psycopg2.errors import UniqueViolation

from odoo import api, fields, models
from odoo.tools import SQL, babel_locale_parse, mute_logger

from ..const import OPENING_PAUSE_MINUTES, OPENINGS_PER_HOUR


class PaymentLink(models.Model):
    """Who opened a link, by which way, and what came of it: read from its history."""

    _inherit = "payment.link"

    last_opened_at = fields.Datetime(
        string="Last Opened", compute="_compute_tracking", compute_sudo=True
    )
    visitor_count = fields.Integer(
        string="Visitors",
        compute="_compute_tracking",
        compute_sudo=True,
        help="How many browsers showed the page to a person.",
    )
    last_failure = fields.Char(
        compute="_compute_last_failure",
        compute_sudo=True,
        help="What the payment provider said when a payment failed the last time.",
    )
    time_to_pay = fields.Char(
        compute="_compute_tracking",
        compute_sudo=True,
        help="From when the link was sent first, or else created, to its first payment.",
    )

    # === COMPUTE METHODS === #

    @api.depends("event_ids.type")
    @api.depends_context("lang")
    def _compute_tracking(self):
        facts = self._read_tracking()
        for link in self:
            fact = facts.get(link.id, {})
            link.last_opened_at = fact.get("last_opened_at")
            link.visitor_count = fact.get("visitors", 0)
            paid_at = fact.get("first_paid_at")
            sent_at = fact.get("first_sent_at") or link.create_date
            link.time_to_pay = paid_at and self._format_duration(paid_at - sent_at)

    @api.depends("event_ids.type")
    def _compute_last_failure(self):
        events = self.env["payment.link.event"]
        last_ids = [
            last_id
            for _link, last_id in events._read_group(
                [("link_id", "in", self.ids), ("type", "=", "failed")],
                ["link_id"],
                ["id:max"],
            )
        ]
        failures = {event.link_id: event for event in events.browse(last_ids)}
        for link in self:
            failure = failures.get(link)
            link.last_failure = failure and (
                failure.state_message or failure.provider_name
            )

    # === BUSINESS METHODS === #

    def _record_opening(self, payer_key=None, channel=None):
        """Write down that a person opened the page. It changes nothing else.

        A visitor who reloads the page opened it once; one who comes back after a while
        did so again, and is the same visitor.

        :param str payer_key: What identifies the visitor's browser.
        :param str channel: By which way she came, as the page's address says it.
        """
        self.ensure_one()
        events_sudo = self.env["payment.link.event"].sudo()  # Anybody may open it.
        opened = [("link_id", "=", self.id), ("type", "=", "opened")]
        visitor = self._hash_payer_key(payer_key) or False
        now = fields.Datetime.now()
        last = events_sudo.search_fetch(
            [*opened, ("visitor", "=", visitor)], ["create_date", "visit"], limit=1
        )
        pause = timedelta(minutes=OPENING_PAUSE_MINUTES)
        if last and last.create_date > now - pause:
            return
        recent = [*opened, ("create_date", ">", now - timedelta(hours=1))]
        is_flood = (
            events_sudo.search_count(recent, limit=OPENINGS_PER_HOUR)
            >= OPENINGS_PER_HOUR
        )
        if is_flood:
            return
        # A list, as what a stranger sends need not be a text.
        channels = [name for name, _label in events_sudo._fields["channel"].selection]
        try:
            with mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                self._record_event(
                    "opened",
                    channel=channel if channel in channels else "direct",
                    visitor=visitor,
                    visit=last.visit + 1,
                )
        except UniqueViolation:
            return  # The same visitor's other request was a moment faster.

    # === GETTERS === #

    def _get_visit_channel(self, payer_key):
        """Return by which way a payer came to the link.

        Who was sent there once and comes back by the plain address still came by what
        she was sent.

        :param str payer_key: What identifies the payer's browser; empty if no page
            was opened.
        :return: One of `payment.link.event`'s channels, `direct` for want of a better
            one, or `False` without a browser.
        :rtype: str|bool
        """
        self.ensure_one()
        if not payer_key:
            return False
        opening_sudo = (
            self.env["payment.link.event"]
            .sudo()  # Anybody may pay.
            .search_fetch(
                [
                    ("link_id", "=", self.id),
                    ("type", "=", "opened"),
                    ("visitor", "=", self._hash_payer_key(payer_key)),
                    ("channel", "!=", "direct"),
                ],
                ["channel"],
                limit=1,
            )
        )
        return opening_sudo.channel or "direct"

    def _read_tracking(self):
        """Read what the links' histories say about visits and payments, in one query.

        :return: By the link's id: `first_sent_at`, `last_opened_at`, `first_paid_at`
            (UTC, or `None`), and `visitors`. Links without a history are left out.
        :rtype: dict
        """
        self.env["payment.link.event"].flush_model()
        names = ("first_sent_at", "last_opened_at", "first_paid_at", "visitors")
        rows = self.ids and self.env.execute_query(
            SQL(
                """
                SELECT link_id,
                       MIN(create_date) FILTER (WHERE type = 'sent'),
                       MAX(create_date) FILTER (WHERE type = 'opened'),
                       MIN(create_date) FILTER (WHERE type = 'paid'),
                       COUNT(*) FILTER (WHERE type = 'opened' AND visit = 1)
                  FROM payment_link_event
                 WHERE link_id IN %s
                 GROUP BY link_id
                """,
                tuple(self.ids),
            )
        )
        return {
            link_id: dict(zip(names, facts, strict=True))
            for link_id, *facts in rows or ()
        }

    @api.model
    def _format_duration(self, duration):
        """Return a duration as a person says it, in the language of the context.

        :param timedelta duration: The duration.
        :rtype: str
        """
        # "47 hours" says more than "2 days"; "3 days" more than "71 hours".
        return format_timedelta(
            max(duration, timedelta(seconds=1)),
            threshold=2,
            locale=babel_locale_parse(self.env.lang),
        )
