import re

from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import TooManyRequests, Unauthorized

from odoo import models
from odoo.http import request

from ..const import API_REFUSALS_PER_ADDRESS, API_SCOPE_READ


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @classmethod
    def _auth_method_payment_link_key(cls):
        """Let in who sends a key of the payment link API, as the key's user.

        The key stands in the header `Authorization`, bare or after `Bearer` (RFC 6750).
        A browser's session counts for nothing here.

        :raise Unauthorized: for no key, and for one that is wrong, expired, or of
            another scope.
        :raise TooManyRequests: for an address from which too many of these came.
        """
        request.session.can_save = False
        header = request.httprequest.headers.get("Authorization", "").strip()
        key = re.sub(r"^bearer\s+", "", header, flags=re.IGNORECASE)
        keys = request.env["res.users.apikeys"]
        if found := key and keys._payment_link_find_key(key):
            request.update_env(user=found.user_id, context={}, su=False)
            user = request.env.user
            # Known by now: Odoo would read all that it knows of the user.
            user._fields["company_id"]._insert_cache(user, [found.company_id])
            request.update_context(
                lang=user.context_get()["lang"],
                payment_link_api_key_id=found.id,
                payment_link_api_readonly=found.scope == API_SCOPE_READ,
            )
            return
        wait = request.env["payment.link.rate"]._hit(
            f"api refused {request.httprequest.remote_addr}",
            API_REFUSALS_PER_ADDRESS,
            60,
        )
        if wait:
            raise TooManyRequests(
                "Too many requests without a right key.", retry_after=wait
            )
        raise Unauthorized(
            "This needs an API key for payment links. Send it as"
            " 'Authorization: Bearer <key>'.",
            www_authenticate=WWWAuthenticate("bearer"),
        )
