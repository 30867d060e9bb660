import logging
import random
import time

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError, LockError
from odoo.tools import SQL

from ..const import BATCH_ATTEMPTS, BATCH_SIZE

_logger = logging.getLogger(__name__)

# Somebody else writes the same rows: the transaction has to start over.
CONFLICTS = (
    psycopg2.errors.DeadlockDetected,
    psycopg2.errors.LockNotAvailable,
    psycopg2.errors.SerializationFailure,
    psycopg2.errors.UniqueViolation,
    ConcurrencyError,
    LockError,
)


class PaymentLinkBatch(models.Model):
    """What the job does: some lines at a time, each time in a transaction of its own.

    What became of a line is committed with its link and its mail, or none of them is.
    Who is killed leaves lines that wait, and nothing else.
    """

    _inherit = "payment.link.batch"

    # === CRON METHODS === #

    @api.model
    def _cron_send(self):
        """Send what waits, some lines of each unfinished batch in turn.

        :return: None
        """
        cron = self.env["ir.cron"]
        is_busy = True
        while is_busy:
            is_busy = False
            for batch in self._find_unfinished():
                count = batch._send_next()
                is_busy = is_busy or bool(count)
                left = len(self._find_unfinished())
                if not cron._commit_progress(count, remaining=left):
                    # Other jobs go first: this asks for its next turn.
                    self._trigger()
                    self._send_mails()
                    return

    def _send_next(self):
        """Send the next lines. Nothing of it is committed yet.

        :return: How many lines were dealt with: none if there are none, or if another
            process is at it.
        :rtype: int
        """
        self.ensure_one()
        for attempt in range(1, BATCH_ATTEMPTS + 1):
            # Where some lines are in somebody's way again and again, the others go on.
            is_last = attempt == BATCH_ATTEMPTS
            try:
                count = self._send_some(1 if is_last else BATCH_SIZE)
                self.env.cr.flush()  # What documents do at the end may collide, too.
                return count
            except CONFLICTS as error:
                self.env.cr.rollback()
                _logger.info("%s, attempt %s: %s", self, attempt, error)
                time.sleep(random.uniform(0.0, 0.1 * 2**attempt))
        lines = self._lock_lines(1)
        lines._set_outcome("failed", "busy")
        return len(lines)

    def _send_some(self, size):
        """Send some lines with the rights of the user who queued them.

        :param int size: How many, unless a customer has more of them.
        :return: How many lines were dealt with.
        :rtype: int
        """
        batch = self.try_lock_for_update(allow_referencing=True)
        if batch.state not in ("waiting", "running"):
            return 0  # Stopped meanwhile, or in the hands of another process.
        sender = batch._with_sender()
        if not sender:
            batch.action_stop()  # Nobody has the rights any more.
            return 0
        lines = batch._lock_lines(size)
        if lines:
            lines.with_env(sender.env)._send()
        if not batch._has_waiting_lines():
            batch._finish()
        elif batch.state == "waiting":
            batch.state = "running"
        return len(lines)

    def _lock_lines(self, size):
        """Return the next lines; nobody else has dealt with them, or can.

        Where a customer is sent one link, all lines of the customer are.

        :param int size: How many lines to take at least, if there are so many.
        :rtype: payment.link.batch.line
        """
        self.ensure_one()
        lines = self.env["payment.link.batch.line"]
        lines.flush_model()
        # Who has no customer is alone.
        is_per_customer = self.link_per == "customer"
        key = SQL("COALESCE(partner_id, -id)") if is_per_customer else SQL("id")
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id
                  FROM %(table)s
                 WHERE batch_id = %(batch)s
                   AND state = 'waiting'
                   AND %(key)s IN (SELECT %(key)s
                                     FROM %(table)s
                                    WHERE batch_id = %(batch)s
                                      AND state = 'waiting'
                                 ORDER BY id
                                    LIMIT %(size)s)
              ORDER BY id
                   FOR NO KEY UPDATE
                """,
                table=SQL.identifier(lines._table),
                batch=self.id,
                key=key,
                size=size,
            )
        )
        return lines.browse(row[0] for row in rows)

    def _finish(self):
        """Say that the batch is done, and let its mails go."""
        self.ensure_one()
        self.write({"state": "done", "finished_at": fields.Datetime.now()})
        self._send_mails()
        user = self.user_id
        batch = self.with_context(lang=user.lang)
        batch.invalidate_recordset(["sent_count", "skipped_count", "failed_count"])
        user._bus_send(
            "simple_notification",
            {
                "type": "warning" if batch.failed_count else "success",
                "title": batch.env._("Payment links"),
                "message": batch.env._(
                    "All done. Sent: %(sent)s, skipped: %(skipped)s,"
                    " failed: %(failed)s.",
                    sent=batch.sent_count,
                    skipped=batch.skipped_count,
                    failed=batch.failed_count,
                ),
                "sticky": True,
            },
        )

    @api.model
    def _send_mails(self):
        """Let Odoo send the mails that wait in its queue."""
        self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()._trigger()

    # === GETTERS === #

    @api.model
    def _find_unfinished(self):
        """Return the batches that have something to send, the oldest first.

        :rtype: payment.link.batch
        """
        return self.search([("state", "in", ("waiting", "running"))], order="id")

    def _has_waiting_lines(self):
        """Return whether there is something left to send.

        :rtype: bool
        """
        self.ensure_one()
        domain = [("batch_id", "=", self.id), ("state", "=", "waiting")]
        lines = self.env["payment.link.batch.line"]
        return bool(lines.search_count(domain, limit=1))

    def _with_sender(self):
        """Return the batch as the user who queued it has it now.

        :return: The batch in the user's environment, or none if the user is archived or
            may not work in the company any more.
        :rtype: payment.link.batch
        """
        self.ensure_one()
        user = self.user_id
        if not user.active or self.company_id not in user.company_ids:
            return self.browse()
        companies = self.company_id | (self.company_ids & user.company_ids)
        sender_context = {
            "allowed_company_ids": companies.ids,
            "lang": user.lang,
            "tz": user.tz,
            # Mails wait in the queue: nothing leaves before the commit.
            "mail_notify_force_send": False,
        }
        return self.with_env(self.env(user=user, context=sender_context, su=False))
