"""How requests to the API are read, and how everything that goes wrong is said."""

import json
import logging
from http import HTTPStatus

from werkzeug.exceptions import BadRequest, HTTPException, UnsupportedMediaType

from odoo.exceptions import (
    AccessDenied,
    AccessError,
    ConcurrencyError,
    LockError,
    MissingError,
    UserError,
)
from odoo.http import Dispatcher, Response, SessionExpiredException

from ..exceptions import ApiError

_logger = logging.getLogger(__name__)

ROUTING_TYPE = "payment_link_api"

# Nobody asks for a payment in more bytes than this.
MAX_BODY_BYTES = 256 * 1024

_CODES = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    413: "body_too_large",
    415: "unsupported_media_type",
    422: "refused",
    429: "too_many_requests",
    500: "internal_error",
}


class PaymentLinkApiDispatcher(Dispatcher):
    """JSON in, JSON out, and one shape for every error."""

    routing_type = ROUTING_TYPE
    mimetypes = ("application/json",)

    # What the body of the request says.
    body = None

    @classmethod
    def is_compatible_with(cls, request):
        return True  # A wrong type is answered in the API's own words.

    def pre_dispatch(self, rule, args):  # pylint: disable=missing-return
        super().pre_dispatch(rule, args)
        self.request.session.can_save = False
        self.request.httprequest.max_content_length = MAX_BODY_BYTES

    def dispatch(self, endpoint, args):
        self.request.params = args
        self.body = self._read_body()
        result = self.request.registry["ir.http"]._dispatch(endpoint)
        if not isinstance(result, Response):
            result = self.request.make_json_response(result)
        # It tells where to pay, and of customers.
        result.headers.setdefault("Cache-Control", "no-store")
        return result

    def _read_body(self):
        """Return what the body says, `None` if there is none.

        :raise UnsupportedMediaType: for a body that does not claim to be JSON.
        :raise BadRequest: for one that is not.
        """
        http_request = self.request.httprequest
        data = http_request.get_data()
        if not data:
            return None
        if http_request.mimetype not in self.mimetypes:
            raise UnsupportedMediaType("Send the body as application/json.")
        try:
            return json.loads(
                data,
                parse_constant=_refuse_constant,
                object_pairs_hook=_refuse_doubles,
            )
        except (RecursionError, ValueError) as error:
            raise BadRequest(f"The body is no JSON: {error}") from error

    def handle_error(self, exc):
        headers = []
        errors = []
        code = None
        message = str(exc.args[0]) if exc.args else ""
        if isinstance(exc, ApiError):
            status, code, errors = exc.http_status, exc.code, exc.errors
            headers = exc.headers
        elif isinstance(exc, HTTPException):
            if exc.response:
                return exc.response
            status = exc.code
            message = exc.description
            headers = [
                (name, value)
                for name, value in exc.get_headers()
                if name != "Content-Type"
            ]
        elif isinstance(exc, AccessDenied | SessionExpiredException):
            status = 401
        elif isinstance(exc, AccessError):
            status = 403
        elif isinstance(exc, MissingError):
            status = 404
        elif isinstance(exc, LockError | ConcurrencyError):
            status = 409
            message = self.request.env._(
                "Somebody else is changing this at the moment. Please try again."
            )
        elif isinstance(exc, UserError):
            status = 422
        else:
            status = 500
            message = "The server made a mistake. Nothing was written."
        problem = {
            "type": "about:blank",
            "title": HTTPStatus(status).phrase,
            "status": status,
            "code": code or _CODES.get(status, "error"),
            "message": message,
            "errors": errors,
        }
        response = self.request.make_json_response(
            problem, headers=headers, status=status
        )
        response.headers["Content-Type"] = "application/problem+json"
        return response


def _refuse_constant(name):
    raise ValueError(f"{name} is no JSON")


def _refuse_doubles(pairs):
    """Return what an object says. JSON does not tell which of two values counts."""
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("an object has two members of one name")
    return members
