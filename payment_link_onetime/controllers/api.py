import binascii
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import date, datetime, time, timedelta, timezone

from werkzeug.exceptions import MethodNotAllowed, NotFound

from odoo import http
from odoo.fields import Domain
from odoo.http import request

from ..const import CODE_LENGTH
from ..exceptions import ApiError
from ..schemas.link import LinkAnswer, LinkChange, LinkList, LinkRequest, SendRequest
from ..schemas.money import (
    AmountRequest,
    ChargeRequest,
    PaymentMethodList,
    RefundRequest,
    TransactionList,
)
from ..schemas.query import LinkListQuery
from .api_dispatcher import ROUTING_TYPE
from .api_operation import OPERATIONS, PREFIX, operation


class PaymentLinkApi(http.Controller):
    """The API for other systems. See `api_operation` for what all of it shares."""

    @operation(
        "POST",
        "/links",
        body=LinkRequest,
        answer=LinkAnswer,
        status=201,
        problems=(422,),
    )
    def create_link(self, body):
        """Create a payment link.

        On an order, on invoices, for a customer, or on nothing at all. It can be paid
        at once.
        """
        link = request.env["payment.link"]._api_create(body)
        return link._api_show()[0]

    @operation("GET", "/links", query=LinkListQuery, answer=LinkList)
    def list_links(self, query):
        """List payment links, the newest first.

        Links that are created while the pages are read shift nothing.
        """
        links, has_more = request.env["payment.link"]._api_get_page(
            self._get_domain(query), query.limit, self._read_cursor(query.cursor)
        )
        return {
            "data": links._api_show(),
            "next_cursor": self._make_cursor(links[-1]) if has_more else None,
        }

    @operation("GET", "/links/{link_id}", answer=LinkAnswer, problems=(404,))
    def get_link(self, link_id):
        """Read a payment link."""
        return self._find_link(link_id)._api_show()[0]

    @operation(
        "PUT", "/links/{link_id}", body=LinkChange, answer=LinkAnswer, problems=(404,)
    )
    def replace_description(self, link_id, body):
        """Change the description of a payment link. Nothing else of it can change."""
        return self._change_description(link_id, body)

    @operation(
        "PATCH", "/links/{link_id}", body=LinkChange, answer=LinkAnswer, problems=(404,)
    )
    def change_description(self, link_id, body):
        """Change the description of a payment link. Nothing else of it can change."""
        return self._change_description(link_id, body)

    @operation("DELETE", "/links/{link_id}", answer=LinkAnswer, problems=(404, 409))
    def delete_link(self, link_id):
        """Delete a payment link.

        Its page closes at once. The link is kept, with `is_delete` true. A link with a
        successful payment cannot be deleted, also if it was refunded, and neither can
        one that is being paid. It can be cancelled.
        """
        link = self._find_link(link_id)
        link._api_delete()
        return link._api_show()[0]

    @operation(
        "POST", "/links/{link_id}/cancel", answer=LinkAnswer, problems=(404, 409)
    )
    def cancel_link(self, link_id):
        """Cancel a payment link. Cancelling it twice changes nothing."""
        link = self._find_link(link_id)
        link._api_cancel()
        return link._api_show()[0]

    @operation(
        "POST",
        "/links/{link_id}/reissue",
        answer=LinkAnswer,
        status=201,
        problems=(404, 409),
    )
    def reissue_link(self, link_id):
        """Replace a payment link by a new one with a new address.

        The old address stops working. The new link keeps the reference.
        """
        link = self._find_link(link_id)
        return link._api_reissue()._api_show()[0]

    @operation(
        "POST",
        "/links/{link_id}/send",
        body=SendRequest,
        answer=LinkAnswer,
        status=202,
        problems=(404, 422),
    )
    def send_link(self, link_id, body):
        """Send a payment link to its customer, by e-mail, by SMS, or by both."""
        link = self._find_link(link_id)
        link._api_send(list(dict.fromkeys(body.channels)), body.message)
        return link._api_show()[0]

    @operation(
        "GET", "/links/{link_id}/qr.png", media_type="image/png", problems=(404,)
    )
    def get_qr_png(self, link_id):
        """Get the QR code of a payment link as a PNG. It reads as the link's URL."""
        return self._get_qr_code(link_id, "png", "image/png")

    @operation(
        "GET", "/links/{link_id}/qr.svg", media_type="image/svg+xml", problems=(404,)
    )
    def get_qr_svg(self, link_id):
        """Get the QR code of a payment link as an SVG. It reads as the link's URL."""
        return self._get_qr_code(link_id, "svg", "image/svg+xml")

    @operation(
        "GET", "/links/{link_id}/transactions", answer=TransactionList, problems=(404,)
    )
    def list_transactions(self, link_id):
        """List what happened with the money of a payment link, the newest first."""
        return {"data": self._find_link(link_id)._api_show_transactions()}

    @operation(
        "POST",
        "/links/{link_id}/refund",
        body=RefundRequest,
        answer=TransactionList,
        status=202,
        problems=(404, 422),
    )
    def refund_link(self, link_id, body):
        """Pay back what was paid, or a part of it.

        The provider is asked by a job: read the transactions to see what became of it.
        """
        link = self._find_link(link_id)
        refunds_sudo = link._api_refund(body.amount, body.reason)
        return self._show_transactions(link, refunds_sudo)

    @operation(
        "POST",
        "/links/{link_id}/capture",
        body=AmountRequest,
        answer=TransactionList,
        status=202,
        problems=(404, 422),
    )
    def capture_link(self, link_id, body):
        """Take money that the payer authorised, all of it or a part."""
        link = self._find_link(link_id)
        return self._show_transactions(link, link._api_capture(body.amount))

    @operation(
        "POST",
        "/links/{link_id}/void",
        body=AmountRequest,
        answer=TransactionList,
        status=202,
        problems=(404, 422),
    )
    def void_link(self, link_id, body):
        """Give back money that the payer authorised and nobody captured."""
        link = self._find_link(link_id)
        return self._show_transactions(link, link._api_void(body.amount))

    @operation(
        "GET",
        "/links/{link_id}/payment_methods",
        answer=PaymentMethodList,
        problems=(404,),
    )
    def list_payment_methods(self, link_id):
        """List the saved payment methods with which a payment link can be charged now.

        They are its customer's own. A guest has none, and the list is empty while the
        link takes no payment: `charge` says why. Reading them reserves nothing.
        """
        return {"data": self._find_link(link_id)._api_show_payment_methods()}

    @operation(
        "POST",
        "/links/{link_id}/charge",
        body=ChargeRequest,
        answer=TransactionList,
        status=202,
        problems=(404, 422),
    )
    def charge_link(self, link_id, body):
        """Pay a payment link with a saved payment method of its own customer.

        The provider is asked by a job: read the transactions to see what became of it.
        """
        link = self._find_link(link_id)
        return self._show_transactions(link, link._api_charge(body.payment_method_id))

    @http.route(
        f"{PREFIX}/<path:path>",
        type=ROUTING_TYPE,
        auth="public",
        readonly=True,
        save_session=False,
    )
    def not_found(self, path, **_kwargs):
        """Answer whatever no operation is for.

        :raise MethodNotAllowed: For an address that takes other methods.
        :raise NotFound: For all other addresses.
        """
        methods = [told.method for told in OPERATIONS if _matches(told.path, path)]
        if methods:
            raise MethodNotAllowed(methods)
        raise NotFound()

    @staticmethod
    def _change_description(link_id, body):
        link = PaymentLinkApi._find_link(link_id)
        link.write({"description": body.description})
        return link._api_show()[0]

    @staticmethod
    def _get_qr_code(link_id, extension, media_type):
        link = PaymentLinkApi._find_link(link_id)
        image = link._get_qr_code_image(extension)
        return request.make_response(image, headers={"Content-Type": media_type})

    @staticmethod
    def _show_transactions(link, transactions_sudo):
        return {"data": [link._api_show_transaction(tx) for tx in transactions_sudo]}

    @staticmethod
    def _find_link(link_id):
        """Return a link of the caller's company.

        :param str link_id: The link's code.
        :rtype: payment.link
        :raises ApiError: if the caller sees none of that code.
        """
        link = request.env["payment.link"]
        if re.fullmatch(r"[A-Z0-9]{8}", link_id):
            link = link.search(
                [("code", "=", link_id), ("company_id", "=", request.env.company.id)]
            )
        if not link:
            raise ApiError(
                404,
                "not_found",
                request.env._(
                    "There is no payment link %(code)s.", code=link_id[:CODE_LENGTH]
                ),
            )
        return link

    @staticmethod
    def _get_domain(query):
        """Return which links a caller asks for.

        :param LinkListQuery query: The request's parameters.
        :rtype: Domain
        """
        conditions = [
            ("company_id", "=", request.env.company.id),
            ("state", "=", query.state),
            ("payment_status", "=", query.payment_status),
            (
                "reference",
                "=",
                query.reference
                and request.env["payment.link"]._normalize_reference(query.reference),
            ),
            ("sale_order_id", "any", _match_document(query.order)),
            ("invoice_ids", "any", _match_document(query.invoice)),
            ("partner_id", "=", query.customer_id),
            (
                "partner_id.email_normalized",
                "=",
                query.customer_email and query.customer_email.strip().lower(),
            ),
            ("create_date", ">=", _as_moment(query.created_from)),
            ("create_date", "<", _as_moment(query.created_to, is_end=True)),
        ]
        return Domain.AND(
            [condition] for condition in conditions if condition[2] is not None
        )

    @staticmethod
    def _make_cursor(link):
        """Return what names the place after a link in the list."""
        return urlsafe_b64encode(str(link.id).encode()).decode().rstrip("=")

    @staticmethod
    def _read_cursor(cursor):
        """Return the id of the last link of the page before.

        :raises ApiError: for a text that is no cursor.
        """
        if cursor is None:
            return None
        try:
            number = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
            if not (number.isascii() and number.isdigit() and len(number) < 11):
                raise ValueError(number)
        except (binascii.Error, ValueError) as error:
            raise ApiError(
                400,
                "invalid_request",
                request.env._("This is no cursor of a list."),
                errors=[{"field": "cursor", "message": "unknown"}],
            ) from error
        return int(number)


def _matches(template, path):
    """Return whether an address is of the form of an operation's."""
    parts, others = template.strip("/").split("/"), path.strip("/").split("/")
    return len(parts) == len(others) and all(
        part.startswith("{") or part == other
        for part, other in zip(parts, others, strict=True)
    )


def _match_document(name):
    """Return which documents a text names: by their number, or by their id.

    :param str name: What the caller says, or `None`.
    :rtype: Domain|None
    """
    if name is None:
        return None
    domain = Domain("name", "=", name)
    if re.fullmatch(r"[1-9][0-9]{0,9}", name) and int(name) < 2**31:
        domain |= Domain("id", "=", int(name))
    return domain


def _as_moment(value, is_end=False):
    """Return a moment of a filter in UTC, as the database has it.

    :param value: A moment, a day, or `None`.
    :param bool is_end: Whether it is the last one: then the first one after it.
    """
    try:
        if isinstance(value, datetime):
            moment = value.astimezone(timezone.utc).replace(tzinfo=None)
            return moment + timedelta(microseconds=1) if is_end else moment
        if isinstance(value, date):
            day = value + timedelta(days=1) if is_end else value
            return datetime.combine(day, time())
    except OverflowError:  # The first and the last day of the calendar.
        return datetime.min if value.year == 1 else datetime.max
    return None
