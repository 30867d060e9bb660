from datetime import datetime, time, timedelta

import pytz

from odoo import api, fields, models

from ..const import REMINDER_HOUR, REMINDER_HOURS

# The channels by which a customer can be reminded: those by which we write to her.
REMINDER_CHANNELS = ("email", "sms")

_PLANNED_FIELDS = frozenset(
    {"is_reminded", "reminder_expiry_days", "reminder_sent_days"}
)


class PaymentLink(models.Model):
    """How a customer is reminded to pay, until there is nothing to be reminded of."""

    _inherit = "payment.link"

    is_reminded = fields.Boolean(
        string="Send Reminders",
        default=True,
        copy=False,
        help="Switched off, this customer is not reminded, whatever the days say.",
    )
    reminder_sent_days = fields.Char(
        string="Reminders after Sending",
        copy=False,
        help="How many days after the link was sent the customer is reminded, for"
        " example 3, 7. Empty: not at all.",
    )
    reminder_expiry_days = fields.Char(
        string="Reminders before Expiry",
        copy=False,
        help="How many days before the link expires the customer is reminded, for"
        " example 2. Empty: not at all.",
    )
    next_reminder_at = fields.Datetime(
        string="Next Reminder", compute="_compute_next_reminder_at", compute_sudo=True
    )

    # === CONSTRAINT METHODS === #

    @api.constrains("reminder_expiry_days", "reminder_sent_days")
    def _check_reminder_days(self):
        for link in self:
            self.env["res.company"]._parse_payment_link_days(link.reminder_sent_days)
            self.env["res.company"]._parse_payment_link_days(link.reminder_expiry_days)

    # === COMPUTE METHODS === #

    @api.depends("outbox_ids.due_at", "outbox_ids.state")
    def _compute_next_reminder_at(self):
        times = dict(
            self.env["payment.link.message"]._read_group(
                [
                    ("link_id", "in", self.ids),
                    ("kind", "=", "reminder"),
                    ("state", "=", "waiting"),
                ],
                ["link_id"],
                ["due_at:min"],
            )
        )
        for link in self:
            link.next_reminder_at = times.get(link, False)

    # === CRUD METHODS === #

    def write(self, vals):
        """Override to plan anew when the days change."""
        result = super().write(vals)
        if _PLANNED_FIELDS.intersection(vals):
            for link in self:
                link._plan_reminders()
        return result

    # === BUSINESS METHODS === #

    @api.model
    def _complete_create_values(self, vals):
        """Override to take the days from the company."""
        vals = super()._complete_create_values(vals)
        company = self.env["res.company"].browse(vals["company_id"])
        for name in ("reminder_expiry_days", "reminder_sent_days"):
            # Who may send a link may not read all about the company.
            vals.setdefault(name, company.sudo()[f"payment_link_{name}"])
        return vals

    def _prepare_replacement_values(self):
        """Override: what was agreed about reminders holds for the new address."""
        return {
            **super()._prepare_replacement_values(),
            **self._copy_values(sorted(_PLANNED_FIELDS)),
        }

    def _record_event(self, event_type, transaction=None, channel=None, **values):
        """Override to plan reminders of what is sent, and to drop them when it ends."""
        result = super()._record_event(
            event_type, transaction=transaction, channel=channel, **values
        )
        if event_type == "sent" and channel in REMINDER_CHANNELS:
            for link in self:
                link._plan_reminders(fields.Datetime.now())
        elif event_type in ("cancelled", "completed", "expired"):
            self._stop_reminders()
        return result

    def _plan_reminders(self, sent_at=None):
        """Plan the reminders that are still to come. None goes out twice.

        :param datetime sent_at: When (UTC) the link was sent last, if that is just now.
        """
        self.ensure_one()
        waiting_sudo = self._get_waiting_reminders()
        # Whoever sends a link may drop and make its reminders, which nobody may by
        # themselves. One that the job holds is on its way out.
        waiting_sudo.try_lock_for_update().unlink()
        if not self.is_reminded or self.state != "open":
            return
        steps = self._get_reminder_days()
        sent_at = steps and (sent_at or self._get_last_sending().create_date)
        if not sent_at:
            return
        after = max(sent_at, fields.Datetime.now())
        for key, due_at in self._get_reminder_times(steps, sent_at).items():
            if due_at > after:
                self.env["payment.link.message"]._enqueue(self, "reminder", key, due_at)

    def _stop_reminders(self):
        """Drop the reminders of links that take no money any more, and say why.

        The job would find out. Until then, nobody has to wonder.
        """
        waiting_sudo = self._get_waiting_reminders()
        # Nobody waits for a row that the job is at: it has its own look at the link.
        for message_sudo in waiting_sudo.try_lock_for_update():
            link = message_sudo.link_id
            link = link.with_context(lang=link.company_id.partner_id.lang)
            reason = link._get_reminder_refusal()
            message_sudo.write({"state": "skipped", "reason": reason})

    def _deliver_reminder(self, message):
        """Remind the customer by the ways on which the link was sent to her.

        :param payment.link.message message: The message.
        :return: As `payment.link.message._deliver`.
        :rtype: dict
        """
        self.ensure_one()
        if reason := self._get_reminder_refusal():
            return {"state": "skipped", "reason": reason}
        if self._get_waiting_reminders().filtered(
            lambda other: message.due_at < other.due_at <= fields.Datetime.now()
        ):
            return {
                "state": "skipped",
                "reason": self.env._("A later reminder was due at the same time."),
            }
        if later := self._get_reminder_delay():
            return {"due_at": later}
        recipients, reasons = [], []
        for channel in self._get_reminder_channels():
            if reason := self._get_channel_refusal(channel):
                reasons.append(reason)
            else:
                recipients.append(getattr(self, f"_remind_by_{channel}")())
                self._record_event("reminded", channel=channel)
        if not recipients:
            return {"state": "skipped", "reason": " ".join(reasons)}
        return {"state": "sent", "recipient": ", ".join(recipients)}

    def _remind_by_email(self):
        """Remind the customer by e-mail.

        :return: The address.
        :rtype: str
        """
        template = self.env.ref("payment_link_onetime.mail_template_reminder")
        self._post_to_customer(template, self.partner_id.email)
        return self.partner_id.email

    def _remind_by_sms(self):
        """Remind the customer by text message.

        :return: The number, as E.164 writes it.
        :rtype: str
        """
        number = self._get_reminder_number()
        self._message_sms_with_template(
            template=self.env.ref("payment_link_onetime.sms_template_reminder"),
            partner_ids=self.partner_id.ids,
            sms_pid_to_number={self.partner_id.id: number},
            put_in_queue=True,
        )
        return number

    # === GETTERS === #

    def _get_waiting_reminders(self):
        """Return the planned reminders.

        :return: The messages, in sudo: it is not their reader who drops them.
        :rtype: payment.link.message
        """
        if not self.ids:
            return self.env["payment.link.message"].sudo()
        return (
            self.env["payment.link.message"]
            .sudo()
            .search(
                [
                    ("link_id", "in", self.ids),
                    ("kind", "=", "reminder"),
                    ("state", "=", "waiting"),
                ]
            )
        )

    def _get_reminder_days(self):
        """Return when the customer is to be reminded.

        :return: By what it is counted from, `sent` or `expiry`: the numbers of days.
        :rtype: dict
        """
        self.ensure_one()
        parse = self.env["res.company"]._parse_payment_link_days
        days = {"sent": parse(self.reminder_sent_days)}
        if self.expires_at:
            days["expiry"] = parse(self.reminder_expiry_days)
        return {base: numbers for base, numbers in days.items() if numbers}

    def _get_reminder_times(self, steps, sent_at):
        """Return at which moments the customer is to be reminded: in the morning.

        :param dict steps: As of :meth:`_get_reminder_days`.
        :param datetime sent_at: When the link was sent, in UTC.
        :return: By what tells the steps apart: the moments in UTC.
        :rtype: dict
        """
        self.ensure_one()
        bases = {"sent": (sent_at, 1), "expiry": (self.expires_at, -1)}
        times = {}
        for base, numbers in steps.items():
            moment, sign = bases[base]
            day = self._get_local_time(moment).date()
            for number in numbers:
                times[f"{base}-{number}"] = self._get_reminder_time(
                    day + timedelta(days=sign * number)
                )
        return times

    def _get_reminder_time(self, day):
        """Return when a day's reminders are due.

        :param date day: The day, where the company is.
        :return: The moment in UTC.
        :rtype: datetime
        """
        timezone = pytz.timezone(self.company_id._get_payment_link_timezone())
        morning = timezone.localize(datetime.combine(day, time(REMINDER_HOUR)))
        return morning.astimezone(pytz.utc).replace(tzinfo=None)

    def _get_local_time(self, moment):
        """Return a moment as the company's clocks show it.

        :param datetime moment: The moment in UTC.
        :rtype: datetime
        """
        timezone = pytz.timezone(self.company_id._get_payment_link_timezone())
        return pytz.utc.localize(moment).astimezone(timezone)

    def _get_reminder_delay(self):
        """Return until when a reminder has to wait: nobody is woken up for money.

        :return: The moment in UTC, or `None`.
        :rtype: datetime|None
        """
        self.ensure_one()
        now = fields.Datetime.now()
        if self._get_page_state() == "busy":
            return now + timedelta(hours=1)
        local = self._get_local_time(now)
        first, end = REMINDER_HOURS
        if first <= local.hour < end:
            return None
        return self._get_reminder_time(
            local.date() + timedelta(days=int(local.hour >= end))
        )

    def _get_reminder_refusal(self):
        """Return why the customer is not reminded (any more), as seen right now.

        :return: The reason, or `None`.
        :rtype: str|None
        """
        self.ensure_one()
        if not self.is_reminded:
            return self.env._("Reminders are switched off for this link.")
        if self.replaced_by_id:
            return self.env._("The link was replaced by another one.")
        if self.close_reason == "settled_elsewhere":
            return self.env._("It was paid in another way.")
        page_state = self._get_page_state()
        reasons = {
            "cancelled": self.env._("The link was cancelled."),
            "completed": self.env._("It is paid."),
            "expired": self.env._("The link has expired."),
            "paused": self.env._("The document is being worked on."),
            "processing": self.env._("A payment is on its way."),
            "superseded": self.env._("The amount has changed."),
        }
        if page_state in reasons:
            return reasons[page_state]
        money = self.amount_paid + self.amount_pending + self.amount_authorized
        # Of a link for several payments, one was made: nobody says that more have to.
        if self.max_payments != 1 and not self.currency_id.is_zero(money):
            return reasons["completed"]
        return None

    def _get_last_sending(self, channels=REMINDER_CHANNELS):
        """Return how the link was last sent by us.

        :rtype: payment.link.event
        """
        self.ensure_one()
        # In sudo mode because the job decides by all that happened.
        return (
            self.env["payment.link.event"]
            .sudo()
            .search(
                [
                    ("link_id", "=", self.id),
                    ("type", "=", "sent"),
                    ("channel", "in", channels),
                ],
                limit=1,
            )
        )

    def _get_reminder_channels(self):
        """Return on which ways the link was sent to the customer.

        :rtype: list[str]
        """
        self.ensure_one()
        return [
            channel
            for channel in REMINDER_CHANNELS
            if self._get_last_sending((channel,))
        ]

    def _get_channel_refusal(self, channel):
        """Return why the customer cannot be reminded by a channel.

        :param str channel: One of `REMINDER_CHANNELS`.
        :return: The reason, or `None`.
        :rtype: str|None
        """
        self.ensure_one()
        if channel == "sms":
            if not self._get_reminder_number():
                return self.env._("The customer has no valid phone number.")
            if self._is_last_undelivered("sms"):
                return self.env._("The last text message was not delivered.")
            return None
        if not self.partner_id.email:
            return self.env._("The customer has no e-mail address.")
        if self.partner_id.is_blacklisted:
            return self.env._("The customer's e-mail address is on the blacklist.")
        if self._has_bounced() or self._is_last_undelivered("email"):
            return self.env._("The last e-mail was not delivered.")
        return None

    def _get_reminder_number(self):
        """Return the customer's phone number, as E.164 writes it.

        :rtype: str|bool
        """
        self.ensure_one()
        return self.partner_id and self.partner_id._phone_format(fname="phone")
