"""What each operation of the API has in common: who, for which company, with what."""

import functools
import logging
import re
from dataclasses import dataclass

from pydantic import ValidationError
from werkzeug.exceptions import MethodNotAllowed

from odoo import http
from odoo.http import request

from ..const import API_REQUESTS_PER_KEY, MAX_IDEMPOTENCY_KEY
from ..exceptions import ApiError
from ..schemas.query import Query
from .api_contents import refuse_card_data, refuse_strange_characters
from .api_dispatcher import ROUTING_TYPE

PREFIX = "/payment_link/v1"

_KEY_HEADER = "Idempotency-Key"
_LIMIT_PARAMETER = "payment_link_onetime.api_requests_per_minute"

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Operation:
    """An operation as its documentation tells of it.

    :param str path: The address below `PREFIX`, with `{names}` for its parts.
    :param str name: Its name among all operations.
    :param str summary: What it does, in one line.
    :param str description: What else there is to know.
    :param type body: The schema of the request's body, if it has one.
    :param type query: The schema of the address's parameters.
    :param type answer: The schema of the answer.
    :param int status: The HTTP status of the answer.
    :param str media_type: What the answer is, if it is no JSON.
    :param tuple problems: The HTTP statuses of refusals that are its own.
    """

    path: str
    method: str
    name: str
    summary: str
    description: str
    body: type | None
    query: type
    answer: type | None
    status: int
    media_type: str | None
    problems: tuple

    @property
    def is_reading(self):
        return self.method == "GET"

    @property
    def all_problems(self):
        """The HTTP statuses of all refusals, those included that many share."""
        shared = {400, 401, 403, 413, 415, 429}
        if not self.is_reading:
            shared.add(409)
        return sorted(shared.union(self.problems))


OPERATIONS = []


def operation(
    method,
    path,
    *,
    answer=None,
    body=None,
    query=Query,
    status=200,
    media_type=None,
    problems=(),
):
    """Make a controller's method an operation of the API, documented by its docstring.

    The method gets the parts of the address, `body` and `query` as the schemas have
    checked them, and returns what the answer's schema describes.

    :param str method: The HTTP method.
    :param str path: The address below `PREFIX`, with `{names}` for its parts.
    """

    def decorate(function):
        summary, _blank, description = (function.__doc__ or "").partition("\n\n")
        told = Operation(
            path=path,
            method=method,
            name=function.__name__,
            summary=" ".join(summary.split()),
            description=" ".join(description.split(":param")[0].split()),
            body=body,
            query=query,
            answer=answer,
            status=status,
            media_type=media_type,
            problems=problems,
        )
        OPERATIONS.append(told)

        @http.route(
            PREFIX + re.sub(r"{(\w+)}", r"<string:\1>", path),
            type=ROUTING_TYPE,
            methods=[method],
            auth="payment_link_key",
            readonly=told.is_reading,
            save_session=False,
        )
        @functools.wraps(function)
        def endpoint(self, **values):
            return _run(told, functools.partial(function, self), values)

        return endpoint

    return decorate


def _run(told, function, values):
    """Check a request against what its operation takes, and answer it."""
    _check_method(told)
    _check_rate()
    if not told.is_reading and request.env.context.get("payment_link_api_readonly"):
        raise ApiError(
            403,
            "read_only_key",
            request.env._("This API key can only read."),
        )
    data = request.dispatcher.body
    parameters = _read_parameters()
    headers = {_KEY_HEADER: request.httprequest.headers.get(_KEY_HEADER, "")}
    for said in (data, parameters, values, headers):
        refuse_strange_characters(said)
        refuse_card_data(said)
    query = _validate(told.query, parameters)
    _choose_company(query.app_id)
    if told.body:
        values["body"] = _validate(told.body, {} if data is None else data)
    elif data is not None:
        raise ApiError(
            400,
            "invalid_request",
            request.env._("This takes no body."),
            errors=[{"field": "body", "message": "not expected"}],
        )
    if told.query is not Query:
        values["query"] = query
    status, answer, is_repeated = _answer(told, functools.partial(function, **values))
    if told.media_type:
        return answer
    response = request.make_json_response(answer, status=status)
    if is_repeated:
        response.headers["Idempotent-Replayed"] = "true"
    return response


def _answer(told, function):
    """Carry out an operation, once for each `Idempotency-Key`.

    :return: The HTTP status, the answer, and whether it was given before.
    :rtype: tuple
    """
    key = request.httprequest.headers.get(_KEY_HEADER)
    if told.method != "POST" or key is None:
        return told.status, function(), False
    if not 0 < len(key.strip()) <= len(key) <= MAX_IDEMPOTENCY_KEY:
        raise ApiError(
            400,
            "invalid_request",
            request.env._(
                "An Idempotency-Key has 1 to %(maximum)s characters.",
                maximum=MAX_IDEMPOTENCY_KEY,
            ),
            errors=[{"field": _KEY_HEADER, "message": "too short or too long"}],
        )
    parts = [
        told.method,
        request.httprequest.path,
        request.env.company.id,
        request.dispatcher.body,
    ]
    return request.env["payment.link.idempotency"]._answer_once(
        key, parts, lambda: (told.status, function())
    )


def _check_method(told):
    """Refuse what Odoo lets through to every operation: the method `OPTIONS`.

    :param Operation told: The operation.
    :raise MethodNotAllowed: Naming what the address takes.
    """
    method = request.httprequest.method
    if method != told.method and (method, told.method) != ("HEAD", "GET"):
        raise MethodNotAllowed(
            [other.method for other in OPERATIONS if other.path == told.path]
        )


def _read_parameters():
    """Return the parameters of the address.

    :rtype: dict
    :raises ApiError: for one that is given twice: which one counts is not guessed.
    """
    lists = request.httprequest.args.to_dict(flat=False)
    if doubles := [name for name, values in lists.items() if len(values) > 1]:
        raise ApiError(
            400,
            "invalid_request",
            request.env._("Some fields of the request are not right."),
            errors=[{"field": name, "message": "given twice"} for name in doubles],
        )
    return {name: value for name, (value,) in lists.items()}


def _check_rate():
    """Refuse a key that asks too often.

    :raises ApiError: saying how long to wait.
    """
    parameters_sudo = request.env["ir.config_parameter"].sudo()  # An administrator's.
    limit = _read_limit(parameters_sudo.get_param(_LIMIT_PARAMETER))
    key_id = request.env.context["payment_link_api_key_id"]
    wait = request.env["payment.link.rate"]._hit(
        f"api key {key_id}", limit or API_REQUESTS_PER_KEY, 60
    )
    if wait:
        raise ApiError(
            429,
            "too_many_requests",
            request.env._("Too many requests. Please slow down."),
            headers=[("Retry-After", str(wait))],
        )


@functools.lru_cache(maxsize=16)
def _read_limit(text):
    """Return how many requests a minute an administrator lets a key make.

    What it was is remembered, so that the log does not say with each request what is
    wrong with it.

    :param text: The system parameter.
    :return: The number, `None` for what is none: nobody shall be shut out by mistake.
    :rtype: int|None
    """
    if not text:
        return None
    if re.fullmatch(r"[0-9]{1,9}", text.strip()) and int(text):
        return int(text)
    _logger.warning(
        "The system parameter %s is not a number from 1 on. It is left aside: %s"
        " requests a minute are answered.",
        _LIMIT_PARAMETER,
        API_REQUESTS_PER_KEY,
    )
    return None


def _validate(schema, data):
    """Return what a caller sent, as its schema understands it.

    :param type schema: The schema.
    :param data: What the caller sent.
    :raises ApiError: naming each field that is not right. What was sent in it is not
        repeated: it may be what nobody should have sent.
    """
    try:
        return schema.model_validate(data)
    except ValidationError as error:
        raise ApiError(
            400,
            "invalid_request",
            request.env._("Some fields of the request are not right."),
            errors=[
                {
                    "field": ".".join(map(str, fault["loc"])) or "body",
                    "message": fault["msg"],
                }
                for fault in error.errors(include_input=False, include_url=False)
            ],
        ) from None


def _choose_company(app_id):
    """Work for the company that the caller names, or for the user's own.

    :param int app_id: The company's id.
    :raises ApiError: for a company that is not the user's.
    """
    user = request.env.user
    if app_id is None:
        company_id = user.company_id.id
    elif app_id in user._get_company_ids():
        company_id = app_id
    else:
        raise ApiError(
            400,
            "unknown_app",
            request.env._(
                "The key's user does not work for the app %(id)s.", id=app_id
            ),
            errors=[{"field": "app_id", "message": "not one of the user's companies"}],
        )
    request.update_context(allowed_company_ids=[company_id])
