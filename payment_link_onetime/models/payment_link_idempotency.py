import hashlib
import json
from datetime import timedelta

from psycopg2.errors import UniqueViolation

from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError
from odoo.tools import SQL, mute_logger

from ..const import IDEMPOTENCY_HOURS
from ..exceptions import ApiError


class PaymentLinkIdempotency(models.Model):
    """What a request of the API was answered, for whoever repeats it.

    It is written in the transaction of the request: a request that failed left nothing,
    and may be repeated with the same key.
    """

    _name = "payment.link.idempotency"
    _description = "Answered API Request"

    key_hash = fields.Char(required=True, readonly=True)
    fingerprint = fields.Char(required=True, readonly=True)
    status = fields.Integer(required=True, readonly=True)
    answer = fields.Text(required=True, readonly=True)

    _key_hash_unique = models.Constraint(
        "UNIQUE(key_hash)", "This request was answered already."
    )

    # === BUSINESS METHODS === #

    @api.model
    def _answer_once(self, key, request_parts, get_answer):
        """Answer a request, or give the answer again that it had.

        :param str key: The caller's `Idempotency-Key`. Others' keys do not count.
        :param request_parts: What the request asks for, as JSON knows it.
        :param callable get_answer: Carries the request out, returns HTTP status and
            answer.
        :return: The HTTP status, the answer, and whether it was given before.
        :rtype: tuple
        :raises ApiError: if the key came with another request, or if the same request
            is being carried out at this moment.
        """
        # Per user, not per API key: who changes to a new key repeats what the old one
        # asked, and it must not be done twice.
        key_hash = self._hash([self.env.uid, key])
        fingerprint = self._hash(request_parts)
        self._lock_key(key_hash)
        known_sudo = self.sudo().search([("key_hash", "=", key_hash)])
        if known_sudo.create_date and known_sudo.create_date < self._get_oldest():
            known_sudo.unlink()
            known_sudo = known_sudo.browse()
        if known_sudo:
            if known_sudo.fingerprint != fingerprint:
                raise ApiError(
                    409,
                    "idempotency_key_reused",
                    self.env._(
                        "This Idempotency-Key came with another request before."
                    ),
                )
            return known_sudo.status, json.loads(known_sudo.answer), True
        status, answer = get_answer()
        values = {
            "key_hash": key_hash,
            "fingerprint": fingerprint,
            "status": status,
            "answer": json.dumps(answer),
        }
        try:
            with mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                self.sudo().create(values)
        except UniqueViolation as error:
            # It was answered while this transaction had begun already, and looked into
            # the past. Odoo runs it again, and it finds the answer.
            raise ConcurrencyError(key) from error
        return status, answer, False

    @api.model
    def _lock_key(self, key_hash):
        """Let nobody else carry out a request of that key until this one is through.

        :raises ApiError: if somebody does at this moment.
        """
        number = int(key_hash[:15], 16)
        [(is_locked,)] = self.env.execute_query(
            SQL("SELECT pg_try_advisory_xact_lock(%s)", number)
        )
        if not is_locked:
            raise ApiError(
                409,
                "request_in_flight",
                self.env._(
                    "A request with this Idempotency-Key is being carried out. Please"
                    " try again."
                ),
                headers=[("Retry-After", "1")],
            )

    @api.autovacuum
    def _gc_answers(self):
        """Forget answers that nobody may ask for any more."""
        self.sudo().search([("create_date", "<", self._get_oldest())]).unlink()

    # === GETTERS === #

    @api.model
    def _get_oldest(self):
        return fields.Datetime.now() - timedelta(hours=IDEMPOTENCY_HOURS)

    @api.model
    def _hash(self, value):
        text = json.dumps(value, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()
