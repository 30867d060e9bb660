"""The parameters of the API's addresses. They arrive as texts."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from ..const import API_MAX_PAGE_SIZE, API_PAGE_SIZE
from .base import Moment


class Query(BaseModel):
    """Parameters that a request can have. Unknown ones are refused."""

    model_config = ConfigDict(extra="forbid")

    app_id: int | None = Field(
        None,
        gt=0,
        description="The company, by its id in Odoo. Needed where the key's user has"
        " several and means another one than the user's own.",
    )


class LinkListQuery(Query):
    """Which links to list."""

    state: Literal["open", "completed", "expired", "cancelled"] | None = None
    payment_status: (
        Literal[
            "unpaid",
            "processing",
            "partially_paid",
            "paid",
            "partially_refunded",
            "refunded",
        ]
        | None
    ) = None
    reference: Annotated[str, Field(max_length=100)] | None = None
    order: Annotated[str, Field(max_length=100)] | None = Field(
        None,
        description="A sales order, by its id in Odoo or its number. Links of both, if"
        " one order has the id and another one the number.",
    )
    invoice: Annotated[str, Field(max_length=100)] | None = Field(
        None,
        description="An invoice, by its id in Odoo or its number. Links of both, if one"
        " invoice has the id and another one the number.",
    )
    customer_id: Annotated[int, Field(gt=0, le=2**31 - 1)] | None = None
    customer_email: Annotated[str, Field(max_length=100)] | None = None
    created_from: Moment | None = Field(
        None, description="The first moment, or the first day (UTC)."
    )
    created_to: Moment | None = Field(
        None, description="The last moment, or the last day (UTC)."
    )
    limit: Annotated[int, Field(ge=1, le=API_MAX_PAGE_SIZE)] = API_PAGE_SIZE
    cursor: Annotated[str, Field(max_length=64)] | None = Field(
        None, description="The `next_cursor` of the page before."
    )
