"""Payment links as the API takes and shows them."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from ..const import (
    DESCRIPTOR_LENGTHS,
    MAX_INVOICES,
    MAX_LINE_DESCRIPTION,
    MAX_LINE_VALUE,
    MAX_LINES,
    MAX_METADATA_KEYS,
    MAX_METADATA_TEXT,
    MAX_PAYER_EMAIL,
    MAX_PAYER_NAME,
    MAX_REDIRECT_URL,
    MAX_REFERENCE,
)
from .base import Amount, Answer, Day, Name, Request, Text

_DESCRIPTION = 2000


def _check_line_value(value):
    if value > MAX_LINE_VALUE:
        raise ValueError(f"A value is at most {MAX_LINE_VALUE}")
    return value


class LineRequest(Request):
    """A part of what the amount is made of."""

    name: Annotated[Text, Field(max_length=250)]
    value: Annotated[Amount, AfterValidator(_check_line_value)] = Field(
        description="An amount in the link's currency, or percent (0-100) for"
        " `DiscountPercentage`. At most 10,000,000."
    )
    description: Annotated[str, Field(max_length=MAX_LINE_DESCRIPTION)] | None = None
    value_type: Literal[
        "Standard",
        "Discount",
        "DiscountPercentage",
        "FinalDiscount",
        "PriceOverride",
    ] = Field(
        "Standard",
        description="What the value does to the sum of the lines before it."
        " `FinalDiscount` is taken off after all other lines.",
    )


class CustomerRequest(Request):
    """Who is to pay. A contact that is known already is found again."""

    id: int | None = Field(None, gt=0, description="A contact's id in Odoo.")
    name: Annotated[Text, Field(max_length=MAX_PAYER_NAME)] | None = None
    email: (
        Annotated[
            str,
            Field(max_length=MAX_PAYER_EMAIL, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$"),
        ]
        | None
    ) = None
    reference: Annotated[Text, Field(max_length=MAX_REFERENCE)] | None = Field(
        None, description="Your own number of the customer."
    )

    @model_validator(mode="after")
    def _check_known(self):
        if not (self.id or self.name or self.email or self.reference):
            raise ValueError("Name the customer: id, reference, email or name")
        return self


class DescriptorRequest(Request):
    """What the payer reads on the bank statement, where the provider takes it."""

    name: str | None = Field(
        None,
        max_length=DESCRIPTOR_LENGTHS["name"],
        description="Adyen, Mercado Pago, PayPal, Stripe and Worldline take it, as far as"
        " their rules allow. The other parts are for further providers' modules.",
    )
    phone: str | None = Field(None, max_length=DESCRIPTOR_LENGTHS["phone"])
    country: str | None = Field(None, max_length=DESCRIPTOR_LENGTHS["country"])
    city: str | None = Field(None, max_length=DESCRIPTOR_LENGTHS["city"])
    sub_merchant_id: str | None = Field(
        None, max_length=DESCRIPTOR_LENGTHS["sub_merchant_id"]
    )


_Id = Annotated[int, Field(gt=0)]
_Name = Annotated[Text, Field(max_length=MAX_REFERENCE)]
_MetadataText = Annotated[str, Field(max_length=MAX_METADATA_TEXT)]


class LinkRequest(Request):
    """What a new payment link asks for. All but `description` is fixed from then on."""

    amount: Amount | None = Field(
        None,
        description="In the link's currency. Left out: what the document still owes, or"
        " what the lines come to.",
    )
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = Field(
        None, description="ISO 4217. Left out: the document's, or the company's."
    )
    reference: Annotated[Name, Field(max_length=MAX_REFERENCE)] | None = Field(
        None,
        description="What you call the payment, unique in the company. Left out: the"
        " document's number, or the link's id.",
    )
    description: Annotated[str, Field(max_length=_DESCRIPTION)] | None = Field(
        None, description="What the payer reads under the amount."
    )
    customer: CustomerRequest | None = None
    order: _Id | _Name | None = Field(
        None, description="A sales order, by its id in Odoo or its number."
    )
    invoices: (
        Annotated[list[_Id | _Name], Field(min_length=1, max_length=MAX_INVOICES)]
        | None
    ) = Field(
        None,
        description="Invoices of one customer, by their ids in Odoo or their numbers.",
    )
    lines: (
        Annotated[list[LineRequest], Field(min_length=1, max_length=MAX_LINES)] | None
    ) = None
    tax_amount: Amount | None = Field(None, description="The taxes in the amount.")
    expiration_date: Day | None = Field(
        None,
        description="The last day on which the link can be paid, in the company's time"
        " zone. Left out: as the company has set it.",
        examples=["2026-12-31"],
    )
    activation_minutes: Annotated[int, Field(ge=0, le=525_600)] = Field(
        0,
        description="For how many minutes the link can be paid after it was first"
        " opened. 0: no limit.",
    )
    max_payments: Annotated[int, Field(ge=0, le=1_000_000)] = Field(
        1, description="How often the link can be paid. 0: no limit."
    )
    allow_partial: bool = Field(
        False, description="Whether the payer may pay in parts."
    )
    minimum_percent: Annotated[float, Field(ge=30, le=100)] = Field(
        30,
        description="The smallest part, in percent of the amount. The last part may be"
        " smaller.",
    )
    redirect_url: Annotated[str, Field(max_length=MAX_REDIRECT_URL)] | None = Field(
        None,
        description="Where the payer can return to after the payment, on one of the"
        " hosts that the company allows.",
    )
    save_payment_method: bool = Field(
        False, description="Whether the payer is asked to save the payment method."
    )
    descriptor: DescriptorRequest | None = None
    metadata: (
        Annotated[dict[str, _MetadataText], Field(max_length=MAX_METADATA_KEYS)] | None
    ) = Field(None, description="What you want to find again with the link.")


class LinkChange(Request):
    """What can change of a payment link."""

    description: Annotated[str, Field(max_length=_DESCRIPTION)] = Field(
        description="What the payer reads under the amount."
    )


class SendRequest(Request):
    """By which ways to send a link to its customer: by all of them, or by none."""

    channels: Annotated[list[Literal["email", "sms"]], Field(min_length=1)]
    message: Annotated[str, Field(max_length=_DESCRIPTION)] | None = Field(
        None, description="Some personal words in the e-mail."
    )


class LineAnswer(Answer):
    """A part of what the amount is made of."""

    name: str
    description: str | None
    quantity: float
    value_type: str
    value: str
    subtotal: str
    taxAmount: str
    total: str


class CustomerAnswer(Answer):
    """Who is to pay."""

    id: int
    name: str
    email: str | None
    reference: str | None


class DocumentAnswer(Answer):
    """What the link asks money for."""

    type: Literal["order", "invoice"]
    id: int
    name: str


class LinkAnswer(Answer):
    """A payment link. Amounts are in its currency, times are UTC."""

    id: str = Field(pattern=r"^[A-Z0-9]{8}$", examples=["8IT20WK7"])
    link_url: str = Field(description="The page on which the customer pays.")
    amount: str = Field(examples=["250.00"])
    currency: str = Field(examples=["USD"])
    reference: str
    description: str | None
    state: Literal["open", "completed", "expired", "cancelled"] = Field(
        description="Whether the link can take money."
    )
    close_reason: str | None
    payment_status: Literal[
        "unpaid",
        "processing",
        "partially_paid",
        "paid",
        "partially_refunded",
        "refunded",
    ] = Field(description="What happened with the money.")
    invoice_status: Literal["Unpaid", "Pending", "Paid", "PartialRefund", "Refunded"]
    attempt_status: Literal["Success", "Pending", "Failed"] | None = Field(
        description="What became of the last attempt to pay, null if there was none."
    )
    is_complete: bool = Field(description="Whether the link is paid in full.")
    is_delete: bool
    expiration_date: str | None = Field(
        description="The last day, in the company's time zone.", examples=["2026-12-31"]
    )
    expires_at: str | None
    created_at: str = Field(examples=["2026-11-21T10:00:00Z"])
    updated_at: str
    completed_at: str | None
    amount_paid: str
    amount_pending: str
    amount_authorized: str
    amount_refunded: str
    amount_net: str
    amount_due: str
    amount_surplus: str
    paid_late: bool
    subtotal: str
    taxAmount: str
    total: str
    lines: list[LineAnswer]
    customer: CustomerAnswer | None
    documents: list[DocumentAnswer]
    max_payments: int
    activation_minutes: int
    allow_partial: bool
    minimum_percent: float
    redirect_url: str | None
    save_payment_method: bool
    descriptor: dict[str, str] | None
    metadata: dict[str, str] | None
    replaced_by: str | None = Field(description="The id of the link that replaced it.")


class LinkList(Answer):
    """Some of the links, the newest first."""

    data: list[LinkAnswer]
    next_cursor: str | None = Field(
        description="Give it as `cursor` to read on. Null at the end."
    )
