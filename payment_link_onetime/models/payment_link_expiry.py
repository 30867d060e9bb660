from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..const import EXPIRY_BATCH


class PaymentLink(models.Model):
    """Until when a link can be paid."""

    _inherit = "payment.link"

    # Read from the history, and not written on the link: whoever opens the page must
    # not stand in the way of somebody who pays.
    first_opened_at = fields.Datetime(
        compute="_compute_first_opened_at", compute_sudo=True
    )
    is_over = fields.Boolean(
        compute="_compute_is_over",
        help="Nobody can start to pay any more. The state says so once a job has run.",
    )

    # === COMPUTE METHODS === #

    @api.depends("event_ids.type")
    def _compute_first_opened_at(self):
        times = dict(
            self.env["payment.link.event"]._read_group(
                [("link_id", "in", self.ids), ("type", "=", "opened")],
                ["link_id"],
                ["create_date:min"],
            )
        )
        for link in self:
            link.first_opened_at = times.get(link, False)

    def _compute_is_over(self):
        for link in self:
            link.is_over = link._is_expired()

    # === ACTION METHODS === #

    def action_expire(self):
        """Close the links as if their time were over.

        Expiring an expired link changes nothing.

        :raises UserError: naming the links that are paid or cancelled, or on which a
            payment is under way. Then none is closed.
        """
        self.check_access("write")
        self._do_each(lambda link: link._expire())

    # === BUSINESS METHODS === #

    def _expire(self):
        """Close the link as if its time were over.

        :raises UserError: as :meth:`action_expire`.
        """
        self.ensure_one()
        if self.state == "expired":
            return
        self.sudo()._lock()  # Users may not read the claim.
        reason = None
        if self.state == "completed":
            reason = self.env._("it is paid")
        elif self.state == "cancelled":
            reason = self.env._("it is cancelled")
        elif self.amount_pending or self.amount_authorized or self._is_being_paid():
            reason = self.env._("a payment is under way")
        if reason:
            raise UserError(
                self.env._(
                    "The payment link %(reference)s (%(code)s) cannot expire:"
                    " %(reason)s.",
                    reference=self.reference,
                    code=self.code,
                    reason=reason,
                )
            )
        self._set_state("expired")

    def _is_expired(self):
        """Return whether the time in which a payment can be started is over.

        :rtype: bool
        """
        expiry = self._get_expiry()
        return bool(expiry) and expiry < fields.Datetime.now()

    def _get_expiry(self):
        """Return the last moment at which a payment can be started.

        :return: The moment in UTC, or `None` if there is no end.
        :rtype: datetime|None
        """
        self.ensure_one()
        ends = [self.expires_at] if self.expires_at else []
        if self.activation_minutes and self.first_opened_at:
            minutes = timedelta(minutes=self.activation_minutes)
            ends.append(self.first_opened_at + minutes)
        return min(ends, default=None)

    # === CRON METHODS === #

    @api.model
    def _cron_expire(self):
        """Write down, in batches, which open links have expired.

        The page and the charge know without it; lists and reports do not.

        :return: None
        """
        cron = self.env["ir.cron"]
        while links := self._lock_expired_links():
            links._set_state("expired")
            is_last = len(links) < EXPIRY_BATCH
            time_left = cron._commit_progress(len(links), remaining=int(not is_last))
            if is_last or not time_left:
                break

    @api.model
    def _lock_expired_links(self):
        """Lock and return some of the open links whose time is over.

        A payment under way holds a link open: at a provider, or just begun.

        :return: At most `EXPIRY_BATCH` links, none that somebody else works on.
        :rtype: payment.link
        """
        self.flush_model()
        self.env["payment.transaction"].flush_model(["payment_link_id", "state"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT link.id
                  FROM payment_link link
                  JOIN res_company company ON company.id = link.company_id
                 WHERE link.state = 'open'
                   AND (link.expires_at < %(now)s
                        OR link.activation_minutes > 0 AND EXISTS (
                           SELECT 1 FROM payment_link_event event
                            WHERE event.link_id = link.id
                              AND event.type = 'opened'
                              AND event.create_date < %(now)s
                                  - link.activation_minutes * INTERVAL '1 minute'))
                   AND COALESCE(link.amount_pending, 0) = 0
                   AND COALESCE(link.amount_authorized, 0) = 0
                   AND COALESCE(link.claimed_until, '-infinity') < %(now)s
                   AND NOT EXISTS (
                       SELECT 1 FROM payment_transaction charge
                        WHERE charge.payment_link_id = link.id
                          AND charge.state = 'draft'
                          AND charge.operation != 'refund'
                          AND charge.create_date > %(now)s
                              - company.payment_link_claim_minutes
                                * INTERVAL '1 minute')
                 ORDER BY link.id
                 LIMIT %(limit)s
                   FOR NO KEY UPDATE OF link SKIP LOCKED
                """,
                now=fields.Datetime.now(),
                limit=EXPIRY_BATCH,
            )
        )
        return self.browse(row[0] for row in rows)
