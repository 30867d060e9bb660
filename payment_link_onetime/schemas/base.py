"""What the schemas have in common."""

import re
import unicodedata
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
)

# Control and format characters, and what ends lines and paragraphs.
_INVISIBLE = {"Cc", "Cf", "Zl", "Zp"}
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


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


def _check_visible(value):
    if any(unicodedata.category(sign) in _INVISIBLE for sign in value):
        raise ValueError("Leave out line breaks and invisible characters")
    return value


# A name for something. Two that look alike are one.
Name = Annotated[Text, AfterValidator(_check_visible)]


def _read_day(value):
    """Return the day that a text names. Pydantic would take numbers for seconds."""
    if not (isinstance(value, str) and _DAY.fullmatch(value)):
        raise ValueError("Write a day as YYYY-MM-DD")
    return date.fromisoformat(value)


def _read_time(value):
    """Return the day or the moment that a text names."""
    if isinstance(value, str) and len(value) > 10 and _DAY.fullmatch(value[:10]):
        # Python 3.10 does not know the Z.
        return datetime.fromisoformat(re.sub(r"[Zz]$", "+00:00", value))
    return _read_day(value)


# A day, and nothing that could be meant as one.
Day = Annotated[date, BeforeValidator(_read_day)]

# A moment with its offset from UTC, or a day.
Moment = Annotated[AwareDatetime | date, BeforeValidator(_read_time)]
