import base64
import io
import math

import qrcode

from odoo.tools import OrderedSet

from .const import GSM_ALPHABET, GSM_EXTENSION


def qr_code_png(text):
    """Render a text as a QR code.

    :param str text: What a scanner shall read, to the letter.
    :return: The PNG image, encoded in base64.
    :rtype: bytes
    """
    image = io.BytesIO()
    qrcode.make(text, box_size=8, border=4).save(image, format="PNG")
    return base64.b64encode(image.getvalue())


def count_sms_parts(text):
    """Return how many SMS a text takes.

    3GPP TS 23.038: 160 characters of the GSM alphabet fit, or 70 of any other; in
    parts, 153 or 67 each.

    :param str text: The text.
    :rtype: int
    """
    if set(text) <= GSM_ALPHABET | GSM_EXTENSION:
        length = len(text) + sum(character in GSM_EXTENSION for character in text)
        single, part = 160, 153
    else:
        length = len(text.encode("utf-16-le")) // 2
        single, part = 70, 67
    return 1 if length <= single else math.ceil(length / part)


def readable_on(color):
    """Return in which of black and white a text on a background is read best.

    WCAG 2.1, "relative luminance" and "contrast ratio".

    :param str color: The background, as `#rrggbb`.
    :return: `#000000` or `#ffffff`.
    :rtype: str
    """
    try:
        channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    except ValueError:
        return "#000000"
    red, green, blue = (
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in channels
    )
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    is_white_better = 1.05 / (luminance + 0.05) > (luminance + 0.05) / 0.05
    return "#ffffff" if is_white_better else "#000000"


def before_commit(records, method_name):
    """Call a method on records once, when their transaction is about to be committed.

    However often it is asked for until then. The method is called in sudo mode, on all
    the records of the model that it was asked for.

    :param records: The records.
    :param str method_name: The name of the method. It takes no arguments.
    """
    precommit = records.env.cr.precommit
    key = f"payment_link_onetime.{records._name}.{method_name}"
    if key not in precommit.data:
        # Defaults in the context are meant for whatever was just saved.
        model = records.browse().with_env(records.env(su=True, context={}))
        precommit.data[key] = OrderedSet()
        precommit.add(
            lambda: getattr(model.browse(precommit.data.pop(key)), method_name)()
        )
    precommit.data[key].update(records._ids)


def is_finite_number(value):
    """Return whether a value, by whomever, is a number that one can reckon with.

    :param value: Anything: also a truth value, an endless number, or one that is too
        large for a float, which none of Odoo's functions takes.
    :rtype: bool
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:
        return False
