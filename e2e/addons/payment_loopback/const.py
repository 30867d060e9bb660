"""The words that the gateway and Odoo exchange."""

# The payment methods that are active with the provider.
DEFAULT_PAYMENT_METHOD_CODES = {"loopback"}

# What the gateway calls a state, and how Odoo does.
STATES = {
    "paid": "done",
    "authorized": "authorized",
    "pending": "pending",
    "cancelled": "cancel",
    "failed": "error",
}

# Where the gateway writes the signature of a webhook's body.
SIGNATURE_HEADER = "X-Loopback-Signature"
