"""What payment providers take of a statement descriptor, by their documentation.

All of them take the name only, each in a field of its own, with its own length and
characters. What a provider does not take is replaced, cut off, or left out here: a text
for the statement is no reason to refuse a payment.
"""

from dataclasses import dataclass

from odoo.tools.misc import remove_accents

# Latin letters that are no letter with an accent, and the marks that word processors
# make of plain ones.
_SPELLED_OUT = str.maketrans(
    {
        "ß": "ss",
        "Æ": "AE",
        "æ": "ae",
        "Œ": "OE",
        "œ": "oe",
        "Ø": "O",
        "ø": "o",
        "Đ": "D",
        "đ": "d",
        "Ł": "L",
        "ł": "l",
        "ı": "i",
        "‘": "'",
        "’": "'",
        "“": '"',
        "”": '"',
        "–": "-",
        "—": "-",
    }
)


@dataclass(frozen=True)
class DescriptorField:
    """Where a provider takes the name, and what it may be made of.

    :param tuple path: The keys and indexes that lead to the field in the request's body.
    :param str marks: The characters that are taken besides the letters from A to Z,
        digits, and spaces between words.
    :param int longest: The greatest number of characters.
    :param int shortest: The smallest one.
    :param bool needs_letter: Whether a text without a letter is refused.
    """

    path: tuple
    marks: str = ""
    longest: int = 22
    shortest: int = 1
    needs_letter: bool = False

    def fit(self, name):
        """Return what the provider takes of a name.

        Accents are dropped, quotation marks vanish, and a space stands for what else is
        not taken.

        :param str name: The name.
        :return: The text; empty if the provider would refuse what is left.
        :rtype: str
        """
        text = "".join(
            self._replace(character)
            for character in remove_accents(name.translate(_SPELLED_OUT))
        )
        text = " ".join(text.split())[: self.longest].rstrip()
        is_taken = len(text) >= self.shortest and (
            not self.needs_letter or any(map(str.isalpha, text))
        )
        return text if is_taken else ""

    def _replace(self, character):
        if character.isascii() and character.isalnum() or character in self.marks:
            return character
        return "" if character in "'\"" else " "

    def put(self, payload, text):
        """Write a text into the body of a request.

        :param dict payload: The body. It is changed.
        :param str text: The text, as :meth:`fit` returns it.
        :raise LookupError: If the body is made in another way than Odoo makes it.
        """
        *parents, key = self.path
        for parent in parents:
            payload = payload[parent]
        payload[key] = text


# Stripe, "Statement descriptors" and "Create a PaymentIntent". The whole text has 5 to 22
# Latin characters, one letter at least, and none of < > \ ' " *. For cards, it is made of
# the account's prefix, an asterisk, a space, and the suffix: with the longest prefix, of
# 10 characters, there is room for 10 more. For cards, `statement_descriptor` is refused.
_STRIPE_MARKS = "!#$%&()+,-./:;=?@_"
STRIPE_CARD = DescriptorField(
    ("statement_descriptor_suffix",), _STRIPE_MARKS, longest=10, needs_letter=True
)
STRIPE_OTHER = DescriptorField(
    ("statement_descriptor",), _STRIPE_MARKS, shortest=5, needs_letter=True
)
# How long the suffix can be: what the shortest prefix, of 2 characters, leaves.
STRIPE_LONGEST_SUFFIX = 18

# Worldline Direct, "OrderReferences.descriptor": at most 22 characters are advised. It says
# nothing of characters, so these are the ones that every other provider takes. Odoo sends
# its reference there, and again as `merchantReference`, by which it finds the answers.
_WORLDLINE = DescriptorField(("order", "references", "descriptor"), "-.")

# Mercado Pago, "Configure invoice description": at most 13 characters. It says nothing of
# characters.
_MERCADO_PAGO = DescriptorField(("statement_descriptor",), longest=13)

# By the code of the provider, and the endpoint that creates a payment.
_FIELDS = {
    # Adyen, "Checkout API, shopperStatement": the characters, and 22 of them, or banks
    # cut it. For a store's own text, it may not be all numbers.
    ("adyen", "/payments"): DescriptorField(
        ("shopperStatement",), ".,'_-?+*/", needs_letter=True
    ),
    ("mercado_pago", "/checkout/preferences"): _MERCADO_PAGO,
    ("mercado_pago", "/v1/payments"): _MERCADO_PAGO,
    # PayPal, "Orders API v2, purchase_unit_request.soft_descriptor": letters, digits,
    # dashes, asterisks, periods and spaces; others are an error. 22 characters.
    ("paypal", "/v2/checkout/orders"): DescriptorField(
        ("purchase_units", 0, "soft_descriptor"), "-*."
    ),
    ("worldline", "hostedcheckouts"): _WORLDLINE,
    ("worldline", "payments"): _WORLDLINE,
}

# Where a request to a provider names the transaction in its body only.
REFERENCE_KEYS = {("adyen", "/payments"): "reference"}


def get_descriptor_field(provider_code, method, endpoint, payload):
    """Return where the request that creates a payment takes the name.

    :param str provider_code: The code of the provider.
    :param str method: The HTTP method.
    :param str endpoint: The endpoint, as Odoo's module of the provider names it.
    :param dict payload: The body of the request.
    :return: The field, or `None` for other requests, and for other providers.
    :rtype: DescriptorField|None
    """
    if method != "POST":
        return None
    if (provider_code, endpoint) == ("stripe", "payment_intents"):
        # Where Stripe chooses among several methods, a card may be one of them.
        type_code = payload.get("payment_method_types[]")
        is_other = isinstance(type_code, str) and type_code != "card"
        return STRIPE_OTHER if is_other else STRIPE_CARD
    return _FIELDS.get((provider_code, endpoint))
