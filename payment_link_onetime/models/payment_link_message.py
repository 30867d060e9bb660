import logging
from datetime import timedelta

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError, LockError, UserError
from odoo.tools import SQL

from ..const import MESSAGE_BATCH

_logger = logging.getLogger(__name__)


class PaymentLinkMessage(models.Model):
    """What is to be sent about a link, and what became of it.

    A row is all that a payer's or a provider's request leaves behind: a job renders and
    sends. A message that is not due yet is a plan, and may still be dropped.
    """

    _name = "payment.link.message"
    _description = "Payment Link Message"
    _order = "due_at desc, id desc"
    _rec_name = "kind"

    link_id = fields.Many2one(
        "payment.link", required=True, readonly=True, index=True, ondelete="cascade"
    )
    kind = fields.Selection(
        [
            ("reminder", "Reminder"),
            ("receipt", "Receipt"),
            ("renewal", "New Link"),
            ("opened", "Notification: Opened"),
            ("paid", "Notification: Paid"),
            ("failed", "Notification: Payment Failed"),
        ],
        string="Message",
        required=True,
        readonly=True,
    )
    key = fields.Char(
        required=True,
        readonly=True,
        help="Tells messages of one kind about one link apart. Each is sent once.",
    )
    transaction_id = fields.Many2one(
        "payment.transaction", readonly=True, ondelete="restrict"
    )
    state = fields.Selection(
        [
            ("waiting", "Waiting"),
            ("sent", "Sent"),
            ("skipped", "Skipped"),
            ("failed", "Failed"),
        ],
        required=True,
        readonly=True,
        default="waiting",
    )
    due_at = fields.Datetime(
        string="Date", required=True, readonly=True, help="It is not sent before."
    )
    recipient = fields.Char(readonly=True)
    reason = fields.Char(readonly=True, help="Why it was not sent.")
    requester = fields.Char(
        readonly=True,
        groups="base.group_system",
        help="From which address of the network it was asked for, hashed.",
    )

    _unique_key = models.UniqueIndex(
        "(link_id, kind, key)", "This message is there already."
    )
    _due_at_waiting = models.Index("(due_at) WHERE state = 'waiting'")
    _requester_create_date = models.Index(
        "(requester, create_date) WHERE requester IS NOT NULL"
    )

    # === ACTION METHODS === #

    def action_retry(self):
        """Send messages again that could not be sent.

        :raises AccessError: for a user who may not change the links.
        """
        self.link_id.check_access("write")
        # In sudo mode because nobody may write messages, only what happens does.
        failed_sudo = self.sudo().filtered(lambda message: message.state == "failed")
        failed_sudo.write(
            {"state": "waiting", "reason": False, "due_at": fields.Datetime.now()}
        )
        self._wake_job()

    # === BUSINESS METHODS === #

    @api.model
    def _enqueue(self, link, kind, key, due_at=None, **values):
        """Leave a message to the job, unless it is there already.

        It wakes nobody: that is the caller's to do, who knows what is urgent. The job
        looks for itself every hour.

        Of two requests at once, PostgreSQL lets one write the row. The other finds it,
        or is run again by Odoo.

        :param payment.link link: What the message is about.
        :param str kind: One of the kinds.
        :param str key: What tells it from other messages of the kind.
        :param datetime due_at: Before when (UTC) it is not sent. Left out: now.
        :param dict values: `transaction_id`, `requester`.
        """
        now = fields.Datetime.now()
        row = {
            "link_id": link.id,
            "kind": kind,
            "key": key,
            "state": "waiting",
            "due_at": due_at or now,
            "create_uid": self.env.uid,
            "create_date": now,
            "write_uid": self.env.uid,
            "write_date": now,
            **values,
        }
        # Not through the ORM: it knows no "unless it is there".
        self.env.execute_query(
            SQL(
                "INSERT INTO %s (%s) VALUES %s ON CONFLICT DO NOTHING RETURNING id",
                SQL.identifier(self._table),
                SQL(", ").join(SQL.identifier(name) for name in row),
                tuple(row.values()),
            )
        )
        link.invalidate_recordset(["outbox_ids"])

    @api.model
    def _is_recent(self, domain, since):
        """Return whether a message was left since some time.

        :param domain: Which messages.
        :param datetime since: The time, in UTC.
        :rtype: bool
        """
        # In sudo mode because payers may not read messages.
        domain = [*domain, ("create_date", ">", since)]
        return bool(self.sudo().search_count(domain, limit=1))

    @api.model
    def _wake_job(self, at=None):
        """Wake the job that sends messages.

        :param datetime at: When (UTC). Left out: now.
        """
        self.env["payment.transaction"]._trigger_payment_link_cron(
            "payment_link_onetime.cron_send_messages", at
        )

    @api.model
    def _wake_job_if_due(self):
        """Wake the job that sends messages, if there is something to send."""
        due = [("state", "=", "waiting"), ("due_at", "<=", fields.Datetime.now())]
        if self.search_count(due, limit=1):
            self._wake_job()

    def _send(self):
        """Send the message, if it still waits and nobody else is sending it.

        Whatever goes wrong stays with this message: others wait behind it.

        :return: None
        """
        self.ensure_one()
        try:
            if self.try_lock_for_update().state != "waiting":
                return
            with self.env.cr.savepoint():
                values = self._deliver()
        except (psycopg2.OperationalError, ConcurrencyError, LockError) as error:
            # Somebody else is at work on the same rows. It waits for the next run.
            self.env.cr.rollback()
            _logger.info("Message %s has to wait: %s", self.id, error)
            return
        except UserError as error:
            values = {"state": "failed", "reason": str(error)}
        except Exception:
            _logger.exception("Message %s cannot be sent", self.id)
            values = {
                "state": "failed",
                "reason": self.env._("It could not be made. The log says why."),
            }
        self.write(values)

    def _deliver(self):
        """Do what the kind of message asks for.

        A new kind is one more `_deliver_...` of `payment.link`.

        :return: What to write down: `state` with `recipient` or `reason`, or a later
            `due_at`.
        :rtype: dict
        """
        link = self.link_id.with_company(self.link_id.company_id)
        # What is written down is read by the company.
        link = link.with_context(lang=link.company_id.partner_id.lang)
        return getattr(link, f"_deliver_{self.kind}")(self.with_env(link.env))

    # === CRON METHODS === #

    @api.autovacuum
    def _gc_requesters(self):
        """Forget who asked for what, once it does not count any more."""
        yesterday = fields.Datetime.now() - timedelta(days=1)
        self.search(
            [("requester", "!=", False), ("create_date", "<", yesterday)]
        ).requester = False

    @api.model
    def _cron_send(self):
        """Send what is due, each message in a transaction of its own.

        :return: None
        """
        cron = self.env["ir.cron"]
        messages = self.search(
            [("state", "=", "waiting"), ("due_at", "<=", fields.Datetime.now())],
            order="due_at, id",
            limit=MESSAGE_BATCH,
        )
        is_last = len(messages) < MESSAGE_BATCH
        time_left = cron._commit_progress(remaining=len(messages) + int(not is_last))
        for message in messages:
            if not time_left:
                break
            message[:1]._send()  # Every commit empties the cache.
            time_left = cron._commit_progress(1)
        # What was made waits in the queues of mails and text messages.
        for xmlid in (
            "mail.ir_cron_mail_scheduler_action",
            "sms.ir_cron_sms_scheduler_action",
        ):
            if messages:
                self.env["payment.transaction"]._trigger_payment_link_cron(xmlid)
