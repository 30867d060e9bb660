"""What happens with the money of a link."""

from typing import Annotated, Literal

from pydantic import Field

from .base import Amount, Answer, Request, Text


class AmountRequest(Request):
    """How much of what is held to capture or to void."""

    amount: Amount | None = Field(
        None, description="In the link's currency. Left out: all that is held."
    )


class RefundRequest(Request):
    """How much to pay back, and why."""

    amount: Amount | None = Field(
        None, description="In the link's currency. Left out: all that can be refunded."
    )
    reason: Annotated[Text, Field(max_length=500)] = Field(
        description="Why, for the people who read the books."
    )


class ChargeRequest(Request):
    """With which saved payment method of the link's customer to pay."""

    payment_method_id: Annotated[int, Field(gt=0, le=2**31 - 1)] = Field(
        description="The id of a saved payment method of the link's own customer."
    )


class PaymentMethodAnswer(Answer):
    """A saved payment method of a link's customer."""

    id: int = Field(description="Give it to `charge` as `payment_method_id`.")
    provider: str
    payment_method: str
    display_name: str = Field(
        description="What tells it from others, to show to people.",
        examples=["•••• 1234"],
    )
    created_at: str


class PaymentMethodList(Answer):
    """With what a link can be charged now, the newest first."""

    data: list[PaymentMethodAnswer]


class TransactionAnswer(Answer):
    """A charge, a capture, a void or a refund."""

    reference: str = Field(examples=["8IT20WK7-1"])
    kind: Literal["charge", "capture", "void", "refund"]
    state: Literal["draft", "pending", "authorized", "done", "cancel", "error"]
    attempt_status: Literal["Success", "Pending", "Failed"]
    amount: str
    currency: str
    provider: str
    payment_method: str | None
    provider_reference: str | None
    source: str | None = Field(
        description="The reference of the charge that it is a part of."
    )
    message: str | None
    created_at: str
    updated_at: str | None


class TransactionList(Answer):
    """What happened with the money of a link, the newest first."""

    data: list[TransactionAnswer]
