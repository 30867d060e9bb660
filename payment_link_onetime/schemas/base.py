"""What the schemas have in common."""

from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


class Request(BaseModel):
    """What a caller sends. Unknown fields and wrong types are refused, not guessed."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Answer(BaseModel):
    """What the server says."""


# No exponent, no sign, no separator of thousands: an amount is never guessed.
Amount = Annotated[
    str,
    Field(pattern=r"^[0-9]{1,12}(\.[0-9]{1,3})?$", examples=["250.00"]),
    AfterValidator(Decimal),
]

# A text that says something.
Text = Annotated[str, Field(pattern=r"\S")]
