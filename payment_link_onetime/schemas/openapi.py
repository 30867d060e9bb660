"""The OpenAPI 3.1 document, made of the operations and their schemas."""

import re

from pydantic import TypeAdapter
from pydantic.json_schema import models_json_schema

from .problem import Problem

_REF = "#/components/schemas/{model}"
_PROBLEM_TITLES = {
    400: "The request is not right: `errors` names the fields.",
    401: "There is no key, or it is wrong, expired, or of another scope.",
    403: "The key can only read, or its user may not do this.",
    404: "There is no such payment link.",
    409: "It does not go together with what is true by now, or with another request.",
    413: "The body is too large.",
    415: "The body is no JSON.",
    422: "What is asked for is refused.",
    429: "Too many requests: wait for as long as `Retry-After` says.",
}


def build(operations, version, server_url):
    """Return the document.

    :param list operations: The `api_operation.Operation`s.
    :param str version: The version of the addon.
    :param str server_url: Where the API is.
    :rtype: dict
    """
    inputs = {told.body for told in operations if told.body}
    outputs = {told.answer for told in operations if told.answer} | {Problem}
    _refs, definitions = models_json_schema(
        [(model, "validation") for model in _sorted(inputs)]
        + [(model, "serialization") for model in _sorted(outputs)],
        ref_template=_REF,
    )
    paths = {}
    for told in operations:
        paths.setdefault(told.path, {})[told.method.lower()] = _describe(told)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Payment Links",
            "version": version,
            "description": "One-time payment links: create them, hand them out, and"
            " follow what was paid. Amounts are texts with the decimals of their"
            " currency, times are UTC.",
        },
        "servers": [{"url": server_url}],
        "security": [{"key": []}],
        "paths": paths,
        "components": {
            "schemas": definitions["$defs"],
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API key for payment links.",
                }
            },
        },
    }


def _sorted(models):
    return sorted(models, key=lambda model: model.__name__)


def _describe(told):
    """Return what the document says of one operation."""
    description = {
        "operationId": told.name,
        "summary": told.summary,
        "parameters": _describe_parameters(told),
        "responses": {
            str(told.status): _describe_answer(told),
            **{
                str(status): {
                    "description": _PROBLEM_TITLES[status],
                    "headers": _describe_headers(status),
                    "content": {
                        "application/problem+json": {"schema": _refer(Problem)}
                    },
                }
                for status in told.all_problems
            },
        },
    }
    if told.description:
        description["description"] = told.description
    if told.body:
        description["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": _refer(told.body)}},
        }
    return description


def _describe_answer(told):
    if told.media_type:
        schema = {"type": "string", "format": "binary"}
        content = {told.media_type: {"schema": schema}}
    else:
        content = {"application/json": {"schema": _refer(told.answer)}}
    return {"description": told.summary, "content": content}


def _describe_headers(status):
    if status != 429:
        return {}
    return {
        "Retry-After": {
            "description": "How many seconds to wait.",
            "schema": {"type": "integer", "minimum": 1},
        }
    }


def _describe_parameters(told):
    parameters = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": "The id of the payment link.",
            "schema": {"type": "string", "pattern": "^[A-Z0-9]{8}$"},
        }
        for name in re.findall(r"{(\w+)}", told.path)
    ]
    schema = TypeAdapter(told.query).json_schema(ref_template=_REF)
    for name, field in schema["properties"].items():
        # A parameter that is left out is no null.
        kinds = [kind for kind in field.pop("anyOf", ()) if kind.get("type") != "null"]
        if len(kinds) == 1:
            field.update(kinds[0])
        elif kinds:
            field["anyOf"] = kinds
        field.pop("title", None)
        if field.get("default", "") is None:
            del field["default"]
        parameter = {"name": name, "in": "query", "required": False}
        if text := field.pop("description", None):
            parameter["description"] = text
        parameters.append({**parameter, "schema": field})
    if told.method == "POST":
        parameters.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "description": "Who repeats a request with the same key within 24 hours"
                " gets the first answer again, and nothing is done twice.",
                "schema": {"type": "string", "minLength": 1, "maxLength": 256},
            }
        )
    return parameters


def _refer(model):
    return {"$ref": _REF.format(model=model.__name__)}
