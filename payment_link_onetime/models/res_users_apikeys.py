import hashlib
from typing import NamedTuple

from odoo import models
from odoo.tools import SQL
from odoo.tools.lru import LRU

from odoo.addons.base.models.res_users import INDEX_SIZE, KEY_CRYPT_CONTEXT

from ..const import API_SCOPE, API_SCOPE_READ

# Which keys were found to match which stored hashes, by their SHA-256.
_matches = LRU(1024)


class FoundKey(NamedTuple):
    """A key for payment links, and whose it is.

    :param int id: The id of the key.
    :param int user_id: The id of its user.
    :param int company_id: The id of the user's own company.
    :param str scope: What the key is for, `None` for a key that is good for everything.
    """

    id: int
    user_id: int
    company_id: int
    scope: str | None


class ResUsersApikeys(models.Model):
    _inherit = "res.users.apikeys"

    def _generate(self, scope, name, expiration_date):
        """Override of `base` to make the key for payment links that its user chose.

        The choice stands in the context, from where it can only make a key of less use.
        """
        chosen = self.env.context.get("payment_link_scope")
        if scope is None and chosen in (API_SCOPE, API_SCOPE_READ):
            scope = chosen
        return super()._generate(scope, name, expiration_date)

    def _check_credentials(self, *, scope, key):
        """Override of `base` to check a key for payment links in a tenth of the time.

        The stored hashes are slow, and programs send the same key with every request.
        That a key matches a hash is true for ever, so it is remembered. Whether there
        still is such a hash, and for whom, the database is asked each time: a key that
        was removed or has expired opens nothing from that moment on, and neither does
        one of a user who was deactivated.
        """
        if scope not in (API_SCOPE, API_SCOPE_READ):
            return super()._check_credentials(scope=scope, key=key)
        found = self._payment_link_find_key(key, (scope,))
        return found.user_id if found else None

    def _payment_link_find_key(self, key, scopes=(API_SCOPE, API_SCOPE_READ)):
        """Return which key for payment links somebody sent.

        :param str key: The key, as somebody sent it.
        :param tuple scopes: What the key may be for.
        :return: The key, or `None` if there is no such key.
        :rtype: FoundKey|None
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT keys.id, keys.user_id, users.company_id, keys.scope, keys.key
                  FROM %s AS keys
                  JOIN res_users AS users ON users.id = keys.user_id
                 WHERE users.active
                   AND keys.index = %s
                   AND (keys.scope IS NULL OR keys.scope IN %s)
                   AND (
                       keys.expiration_date IS NULL
                       OR keys.expiration_date >= now() AT TIME ZONE 'utc'
                   )
                """,
                *(SQL.identifier(self._table), key[:INDEX_SIZE], scopes),
            )
        )
        for *values, stored in rows:
            if self._payment_link_matches(key, stored):
                return FoundKey(*values)
        return None

    def _payment_link_matches(self, key, stored):
        """Return whether a key is the one that a hash was made of.

        :param str key: The key, as somebody sent it.
        :param str stored: The hash.
        :rtype: bool
        """
        digest = hashlib.sha256(key.encode()).digest()
        if _matches.get(digest) == stored:
            return True
        if not KEY_CRYPT_CONTEXT.verify(key, stored):
            return False
        _matches[digest] = stored
        return True
