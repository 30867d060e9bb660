"""What each operation of the API has in common: who, for which company, with what."""

import functools
import re
from dataclasses import dataclass

from pydantic import ValidationError

from odoo import http
from odoo.http import request

from ..exceptions import ApiError
from ..schemas.query import Query
from .api_dispatcher import ROUTING_TYPE

PREFIX = "/payment_link/v1"


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
    :param tuple problems: The HTTP statuses of refusals.
    """

    path: str
    method: str
    name: str
    summary: str
    description: str
    body: type | None
    query: type
    answer: type
    status: int
    problems: tuple

    @property
    def is_reading(self):
        return self.method == "GET"


OPERATIONS = []


def operation(
    method, path, *, answer, body=None, query=Query, status=200, problems=(), **route
):
    """Make a controller's method an operation of the API, documented by its docstring.

    The method gets the parts of the address, `body` and `query` as the schemas have
    checked them, and returns what the answer's schema describes.

    :param str method: The HTTP method.
    :param str path: The address below `PREFIX`, with `{names}` for its parts.
    :param route: Further arguments of `http.route`.
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
            **route,
        )
        @functools.wraps(function)
        def endpoint(self, **values):
            return _run(told, functools.partial(function, self), values)

        return endpoint

    return decorate


def _run(told, function, values):
    """Check a request against what its operation takes, and answer it."""
    data = request.dispatcher.body
    if not told.is_reading and request.env.context.get("payment_link_api_readonly"):
        raise ApiError(
            403,
            "read_only_key",
            request.env._("This API key can only read."),
        )
    query = _validate(told.query, request.httprequest.args.to_dict())
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
    answer = function(**values)
    return request.make_json_response(answer, status=told.status)


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
    company = user.company_id
    if app_id is not None:
        company = user.company_ids.filtered(lambda company: company.id == app_id)
    if not company:
        raise ApiError(
            400,
            "unknown_app",
            request.env._(
                "The key's user does not work for the app %(id)s.", id=app_id
            ),
            errors=[{"field": "app_id", "message": "not one of the user's companies"}],
        )
    request.update_context(allowed_company_ids=company.ids)
