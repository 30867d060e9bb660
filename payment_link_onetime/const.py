"""The words of the link: what `payment.link` and its parts store and compare."""

from datetime import datetime

# Which characters a link's public code is made of, and how many.
CODE_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
CODE_LENGTH = 8

# Bytes of randomness in the secret part of a pay URL (RFC 6750 asks for 128 bits).
ACCESS_TOKEN_BYTES = 32

# The largest amount that a float keeps exactly in a currency of three decimals.
MAX_AMOUNT = 999_999_999_999.0

# What a line may say: how many, how much, how long.
MAX_LINES = 50
MAX_LINE_VALUE = 10_000_000
MAX_LINE_DESCRIPTION = 500

# The parts of a statement descriptor, and their greatest lengths.
DESCRIPTOR_LENGTHS = {
    "name": 22,
    "phone": 13,
    "country": 2,
    "city": 20,
    "sub_merchant_id": 15,
}

# What a caller may store with a link for itself.
MAX_METADATA_KEYS = 50
MAX_METADATA_TEXT = 500

# The longest address that every browser takes.
MAX_REDIRECT_URL = 2000

# What a payer may say about herself.
MAX_PAYER_NAME = 150
MAX_PAYER_EMAIL = 100

# A second request of one browser within this many seconds is the same click.
DOUBLE_CLICK_SECONDS = 5

# Above which amounts links can be paid in parts, unless a company says otherwise.
THRESHOLDS = {"LKR": 100_000.0, "USD": 100.0}

# How many links the job that closes expired ones takes at a time.
EXPIRY_BATCH = 1000

# How long a charge waits for whoever else holds the link's row.
LOCK_TIMEOUT = "3s"

# What is asked. Fixed when the link is created: to ask for something else, one makes
# another link.
FIXED_FIELDS = frozenset(
    {
        "access_token",
        "activation_minutes",
        "allow_partial",
        "amount",
        "amount_tax",
        "amount_total",
        "amount_untaxed",
        "campaign_id",
        "code",
        "company_id",
        "currency_id",
        "descriptor",
        "document_amount",
        "expires_at",
        "invoice_ids",
        "line_ids",
        "max_payments",
        "medium_id",
        "metadata",
        "minimum_percent",
        "partner_id",
        "payment_method_ids",
        "provider_ids",
        "redirect_url",
        "reference",
        "replaces_id",
        "sale_order_id",
        "save_payment_method",
        "source_id",
    }
)

# Of these, what the server makes itself and accepts from nobody.
GENERATED_FIELDS = frozenset({"access_token", "code", "document_amount", "replaces_id"})

# What happened. Moved by the link's own methods only, never by `write`.
RECORDED_FIELDS = frozenset(
    {
        "amount_authorized",
        "amount_due",
        "amount_net",
        "amount_paid",
        "amount_pending",
        "amount_refunded",
        "amount_surplus",
        "charge_count",
        "claimed_by",
        "claimed_until",
        "close_reason",
        "completed_at",
        "deleted_at",
        "event_ids",
        "paid_late",
        "payment_status",
        "replaced_by_id",
        "state",
        "transaction_ids",
    }
)

# The states of a transaction in which its money is on its way to us or with us.
MONEY_STATES = ("pending", "authorized", "done")

# After how many hours without an answer a person is asked to look at the provider.
LOST_REQUEST_HOURS = 1

# Until when a saved payment method that was charged keeps others from paying: until
# the provider answers, or a person says that nothing happened.
UNDECIDED = datetime(9999, 12, 31)

# How often a job tries to book a charge that other transactions write at the same time.
POST_PROCESS_ATTEMPTS = 5

# The scopes of API keys: everything that the API can do, or only reading.
API_SCOPE = "payment_link"
API_SCOPE_READ = "payment_link.read"

# How many links one page of the API's list has, unless the caller says so.
API_PAGE_SIZE = 20
API_MAX_PAGE_SIZE = 100

# What webhooks call the events of links. Others have no webhook.
WEBHOOK_TYPES = {
    "created": "link.created",
    "sent": "link.sent",
    "opened": "link.opened",
    "attempted": "link.payment_started",
    "pending": "link.payment_pending",
    "authorized": "link.authorized",
    "paid": "link.paid",
    "failed": "link.failed",
    "refunded": "link.refunded",
    "voided": "link.voided",
    "completed": "link.completed",
    "expired": "link.expired",
    "cancelled": "link.cancelled",
}
WEBHOOK_TEST_TYPE = "webhook.test"

# Seconds between the attempts to deliver a webhook: a bit more than three days in all.
WEBHOOK_PAUSES = (
    60,
    5 * 60,
    30 * 60,
    2 * 3600,
    5 * 3600,
    10 * 3600,
    14 * 3600,
    20 * 3600,
    24 * 3600,
)
# By how much each pause is longer at most, so that not all come back at one moment.
WEBHOOK_JITTER = 0.1

# After how many hours without a single success an endpoint is switched off.
WEBHOOK_FAILURE_HOURS = 72

# Seconds in which an endpoint must have answered, to the end.
WEBHOOK_TIMEOUT = 10

# After how many seconds a delivery is tried again whose job was killed meanwhile.
WEBHOOK_LEASE = 30

# How many requests are under way at once: in all, and to one endpoint.
WEBHOOK_THREADS = 16
WEBHOOK_THREADS_PER_ENDPOINT = 2

# Seconds after which the job looks for new deliveries while it waits for answers.
WEBHOOK_POLL_SECONDS = 0.5

# How many bytes of an answer are read and kept.
WEBHOOK_ANSWER_BYTES = 2000

# For how many days deliveries are kept, and how many are removed at a time.
WEBHOOK_KEEP_DAYS = 60
WEBHOOK_PRUNE_BATCH = 10_000

# Bytes of a webhook's secret (Standard Webhooks asks for 24 to 64), and for how many
# hours the one before is valid after a rotation.
WEBHOOK_SECRET_BYTES = 32
WEBHOOK_ROTATION_HOURS = 24

# Where administrators name the hosts that webhooks may reach though they are private.
WEBHOOK_HOSTS_PARAMETER = "payment_link_onetime.webhook_allowed_hosts"

# The ports that webhooks may reach without an administrator's permission.
WEBHOOK_PORTS = frozenset({443, 8443})
