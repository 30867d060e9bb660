"""What no request may contain, whatever it asks for.

Card and account numbers are refused, and kept nowhere. Whoever sends them to a server
that is not made for it makes that server subject to the card industry's rules (PCI DSS
3.2). They belong into the provider's own form.
"""

import re

from stdnum import luhn
from stdnum.iso7064 import mod_97_10

from odoo.http import request

from ..exceptions import ApiError

# Names of fields that never hold anything else, without blanks and case.
_NAMES = {
    "accountnumber",
    "bankaccount",
    "card",
    "cardcvc",
    "cardcvv",
    "cardnumber",
    "creditcard",
    "cvc",
    "cvv",
    "iban",
    "pan",
    "paymentcard",
    "routingnumber",
    "securitycode",
    "track1",
    "track2",
}
_CARD_NUMBER = re.compile(r"(?<![0-9])(?:[0-9][ -]?){12,18}[0-9](?![0-9])")
# NUL, and halves of UTF-16 pairs, which JSON can say and UTF-8 cannot.
_STRANGE = re.compile("[\x00\ud800-\udfff]")
_IBAN = re.compile(r"\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b")


def refuse_card_data(data):
    """Refuse a request that carries the number of a card or of a bank account.

    :param data: What the request's body says, or its address's parameters.
    :raises ApiError: naming the field, and nothing of what is in it.
    """
    for field, key, value in _walk(data):
        name = re.sub(r"[^a-z0-9]", "", key.lower())
        if name in _NAMES or _has_number(key) or _has_number(value):
            raise ApiError(
                400,
                "card_data_refused",
                request.env._(
                    "This API takes no card or account data. Let the customer enter it"
                    " on the payment page."
                ),
                errors=[{"field": field, "message": "card or account data"}],
            )


def refuse_strange_characters(data):
    """Refuse a request with characters that no text has, and PostgreSQL does not take.

    :param data: What the request's body says, or its address's parameters.
    :raises ApiError: naming the field.
    """
    for field, key, value in _walk(data):
        if _STRANGE.search(key) or _STRANGE.search(value):
            raise ApiError(
                400,
                "invalid_request",
                request.env._("Some fields of the request are not right."),
                errors=[
                    {
                        "field": _STRANGE.sub("…", field),
                        "message": "NUL, or half of a surrogate pair",
                    }
                ],
            )


def _walk(value, path=""):
    """Yield the path, the key and the text of everything in a JSON value.

    A path names no key that holds a number itself.
    """
    items = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for key, item in items:
        name = "…" if _has_number(str(key)) else str(key)
        inner = f"{path}.{name}" if path else name
        yield inner, str(key), "" if isinstance(item, dict | list) else str(item)
        yield from _walk(item, inner)


def _has_number(text):
    """Return whether a text contains what can be the number of a card or account."""
    return any(
        luhn.is_valid(re.sub(r"[ -]", "", match))
        for match in _CARD_NUMBER.findall(text)
    ) or any(_is_iban(match) for match in _IBAN.findall(text))


def _is_iban(text):
    """Return whether the check digits of what looks like an IBAN are right."""
    number = text.replace(" ", "")
    return mod_97_10.is_valid(number[4:] + number[:4])
