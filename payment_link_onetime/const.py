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

# What stands for the secret of a link in the address of a company's own page.
LANDING_TOKEN = "{token}"

# What a payer may say about herself.
MAX_PAYER_NAME = 150
MAX_PAYER_EMAIL = 100

# What an SMS of 160 characters is made of; the extension counts twice.
GSM_ALPHABET = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENSION = frozenset("^{}\\[~]|€\f")

# A second request of one browser within this many seconds is the same click.
DOUBLE_CLICK_SECONDS = 5

# Above which amounts links can be paid in parts, unless a company says otherwise.
THRESHOLDS = {"LKR": 100_000.0, "USD": 100.0}

# A visitor who comes back after as many minutes opened the link once more.
OPENING_PAUSE_MINUTES = 30

# How many openings of one link are written down within an hour, whoever makes them.
OPENINGS_PER_HOUR = 1000

# The dashboard shows links that expire within as many days, and those that were not
# opened after as many.
EXPIRING_DAYS = 3
UNOPENED_DAYS = 3

# Who looks at a link without being a customer: words in the user agents of previews in
# messengers and mail programs, of scanners that open links in mails, and of search
# engines. Most say "bot" or "preview": those words, and others, are in Odoo's own list
# in `ir.http`.
LINK_PREVIEWERS = (
    "barracuda",
    "embedly",
    "facebookcatalog",
    "feedfetcher",
    "ggpht.com",
    "google-inspectiontool",
    "google-read-aloud",
    "google-safety",
    "google-site-verification",
    "googleimageproxy",
    "googleother",
    "iframely",
    "lighthouse",
    "line-poker",
    "mediapartners-google",
    "meta-externalagent",
    "meta-externalfetcher",
    "microsoft office",
    "mimecast",
    "ms-office",
    "msoffice",
    "proofpoint",
    "safelinks",
    "slack-imgproxy",
    "urlscan",
    "viber",
    "vkshare",
)

# Of these and Odoo's words, those that also stand in what an application's own browser
# says when a person taps a link there, and a maker of phones.
IN_APP_BROWSERS = ("instagram", "pinterest", "viber", "whatsapp")
NO_BOTS = ("cubot",)

# How many links the job that closes expired ones takes at a time.
EXPIRY_BATCH = 1000

# How many links a bulk sending makes in one transaction, and how often it tries when
# somebody else writes the same documents.
BATCH_SIZE = 30
BATCH_ATTEMPTS = 5

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
        "is_requested",
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
        "outbox_ids",
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

# How long the answer to an `Idempotency-Key` is kept, and how long a key may be.
IDEMPOTENCY_HOURS = 24
MAX_IDEMPOTENCY_KEY = 256

# How many requests a minute the API answers: of one key, and from one address without
# a right key.
API_REQUESTS_PER_KEY = 600
API_REFUSALS_PER_ADDRESS = 60

# How often a minute one address may ask for payment links by the creation link, and
# for how long the address may be good.
REQUESTS_PER_ADDRESS = 30
MAX_REQUEST_SECONDS = 366 * 24 * 3600

# For how many invoices another system may ask with one link.
MAX_INVOICES = 200
# How long a reference may be that another system names.
MAX_REFERENCE = 100
# How many messages the job that sends them takes at a time.
MESSAGE_BATCH = 1000

# Between which hours, where the company is, customers are reminded; when a day's
# reminders are due.
REMINDER_HOURS = (8, 20)
REMINDER_HOUR = 9

# What a list of days for reminders may say.
MAX_REMINDER_DAY = 365
MAX_REMINDERS = 10

# How often a payer whose link has expired may ask for a new one: minutes between two
# for one link, and how many in an hour from one address of the network.
RENEWAL_MINUTES = 60
RENEWALS_PER_ADDRESS = 20

# Who tries again and again to pay is told of once in this many minutes.
FAILURE_MINUTES = 60

# So long after the first opening, the salesperson is told of it.
OPENED_MINUTES = 1

# What webhooks call the events of links. Others have no webhook.
WEBHOOK_TYPES = {
    "created": "link.created",
    "sent": "link.sent",
    "reminded": "link.reminded",
    "bounced": "link.bounced",
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
