"""What no request may contain, whatever it asks for.

Card and account numbers are refused, and kept nowhere. Whoever sends them to a server
that is not made for it makes that server subject to the card industry's rules (PCI DSS
3.2). They belong into the provider's own form.
"""

import re
import unicodedata

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
# Digits in groups. What is around a number, such as an expiry date, may look like one
# more group.
_GROUPS = re.compile(r"[0-9]+(?:[ .-]?[0-9]+)*")
# The first digits of the card schemes' numbers. Dates begin with none of them: most
# numbers of orders stay what they are.
_SCHEMES = re.compile(
    r"1800|2131|220[0-4]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720|[3-6]|8[12]|9792"
)
# NUL, and halves of UTF-16 pairs, which JSON can say and UTF-8 cannot.
_STRANGE = re.compile("[\x00\ud800-\udfff]")
# Looked for at each place: what only begins like one may end in one.
_IBAN = re.compile(r"(?=\b([A-Z]{2}[0-9]{2}(?:[ .-]?[A-Z0-9]){11,40}))")
# How long an IBAN of each country is, by the registry of SWIFT (ISO 13616).
_IBAN_LENGTHS = {
    entry[:2]: int(entry[2:])
    for entry in """
        AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24
        DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27
        GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20
        LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24
        PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25
        SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30
    """.split()
}


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


def _walk(value):
    """Yield the path, the key and the text of everything in a JSON value.

    A path names no key that holds a number itself.
    """
    waiting = [("", value)]
    while waiting:  # No recursion: who sends it says how deep it is.
        path, outer = waiting.pop()
        items = ()
        if isinstance(outer, dict):
            items = outer.items()
        elif isinstance(outer, list):
            items = enumerate(outer)
        for key, item in items:
            name = "…" if _has_number(str(key)) else str(key)
            inner = f"{path}.{name}" if path else name
            if isinstance(item, dict | list):
                yield inner, str(key), ""
                waiting.append((inner, item))
            else:
                yield inner, str(key), str(item)


def _has_number(text):
    """Return whether a text contains what can be the number of a card or account."""
    text = unicodedata.normalize("NFKC", text)  # Digits and blanks of all kinds.
    return any(
        _is_card(number)
        for match in _GROUPS.findall(text)
        for number in _join_groups(re.split(r"[ .-]", match))
    ) or any(_is_iban(match) for match in _IBAN.findall(text.upper()))


def _join_groups(groups):
    """Yield the numbers that some of the groups make, one after the other.

    :param list groups: Groups of digits.
    """
    for start in range(len(groups)):
        number = ""
        for group in groups[start:]:
            number += group
            if len(number) > 19:
                break
            yield number


def _is_card(number):
    return (
        13 <= len(number) <= 19
        and bool(_SCHEMES.match(number))
        and luhn.is_valid(number)
    )


def _is_iban(text):
    """Return whether a text begins with an IBAN: of its country's length, and right."""
    length = _IBAN_LENGTHS.get(text[:2])
    if not length:
        return False
    found = re.match(rf"(?:[A-Z0-9][ .-]?){{{length - 1}}}[A-Z0-9](?![A-Z0-9])", text)
    number = re.sub(r"[ .-]", "", found[0]) if found else ""
    return bool(number) and mod_97_10.is_valid(number[4:] + number[:4])
