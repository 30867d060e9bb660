"""The one shape of everything that goes wrong (RFC 9457, "Problem Details")."""

from pydantic import Field

from .base import Answer


class FieldError(Answer):
    """What is wrong with one field of the request."""

    field: str = Field(
        description="Where the field is in the request: `lines.0.value`, or the name of"
        " a parameter or header.",
        examples=["lines.0.value"],
    )
    message: str = Field(examples=["Field required"])


class Problem(Answer):
    """Why a request was refused. Nothing was written."""

    type: str = Field(
        description="Always `about:blank`: `code` tells problems apart.",
        examples=["about:blank"],
    )
    title: str = Field(description="The HTTP status in words.", examples=["Conflict"])
    status: int = Field(description="The HTTP status.", examples=[409])
    code: str = Field(
        description="What a program compares. A code never changes its meaning.",
        examples=["already_paid"],
    )
    message: str = Field(
        description="What a person reads, in the language of the key's user.",
        examples=["The payment link INV-7 is paid."],
    )
    errors: list[FieldError] = Field(description="What is wrong with which field.")
