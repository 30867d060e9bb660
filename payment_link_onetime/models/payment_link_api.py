from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from ..exceptions import ApiError

_STATEMENT_NAMES = {
    "unpaid": "Unpaid",
    "processing": "Pending",
    "partially_paid": "Pending",
    "paid": "Paid",
    "partially_refunded": "PartialRefund",
    "refunded": "Refunded",
}
_VALUE_TYPES = {
    "Standard": "standard",
    "Discount": "discount",
    "DiscountPercentage": "discount_percentage",
    "FinalDiscount": "final_discount",
    "PriceOverride": "price_override",
}


class PaymentLink(models.Model):
    """What other systems ask of links, and how they are told of them.

    Requests are instances of `schemas.link`, answers are what its answers describe.
    """

    _inherit = "payment.link"

    deleted_at = fields.Datetime(
        string="Deleted on",
        readonly=True,
        copy=False,
        help="When another system deleted the link. It is kept, and closed.",
    )

    # === BUSINESS METHODS === #

    @api.model
    def _api_create(self, asked):
        """Create the link that a caller asks for.

        :param schemas.link.LinkRequest asked: The request.
        :rtype: payment.link
        :raises ApiError: for a reference that another link has, and for what is not
            found.
        :raises UserError: for what cannot be asked for, as `create`.
        """
        values = self._api_prepare_values(asked)
        if asked.reference:
            self._api_check_reference(self._normalize_reference(asked.reference))
        return self._create_or_look_again(values)

    @api.model
    def _api_check_reference(self, reference):
        """Refuse a reference that another link of the company has.

        :param str reference: The reference.
        :raises ApiError: naming that link, to callers who may see it.
        """
        link_sudo = self.sudo().search(  # Also links that the caller may not see.
            [
                ("company_id", "=", self.env.company.id),
                ("reference", "=", reference),
                ("replaced_by_id", "=", False),
            ],
            limit=1,
        )
        if not link_sudo:
            return
        if self.browse(link_sudo.id).has_access("read"):
            code = link_sudo.code
            message = self.env._(
                "The payment link %(code)s has the reference %(reference)s already.",
                code=code,
                reference=reference,
            )
        else:
            code = "taken"
            message = self.env._(
                "Another payment link has the reference %(reference)s already.",
                reference=reference,
            )
        errors = [{"field": "reference", "message": code}]
        raise ApiError(409, "reference_in_use", message, errors=errors)

    @api.model
    def _api_prepare_values(self, asked):
        """Return what a caller asks for as values for `create`.

        :param schemas.link.LinkRequest asked: The request.
        :rtype: dict
        :raises ApiError: for what is not found.
        """
        names = (
            "activation_minutes",
            "allow_partial",
            "description",
            "max_payments",
            "metadata",
            "redirect_url",
            "reference",
            "save_payment_method",
        )
        values = {name: getattr(asked, name) for name in names}
        values["company_id"] = self.env.company.id
        if asked.amount is not None:
            values["amount"] = float(asked.amount)
        if asked.tax_amount is not None:
            values["amount_tax"] = float(asked.tax_amount)
        if asked.currency:
            values["currency_id"] = self._api_find_currency(asked.currency).id
        if asked.expiration_date:
            values["expires_at"] = asked.expiration_date
        if asked.allow_partial:
            values["minimum_percent"] = asked.minimum_percent
        if asked.descriptor:
            values["descriptor"] = asked.descriptor.model_dump(exclude_none=True)
        if asked.lines:
            values["line_ids"] = [
                Command.create(
                    {
                        "name": line.name,
                        "description": line.description,
                        "value": float(line.value),
                        "value_type": _VALUE_TYPES[line.value_type],
                    }
                )
                for line in asked.lines
            ]
        values.update(self._api_prepare_document(asked))
        if asked.customer:
            values["partner_id"] = self._api_find_customer(asked.customer).id
        return values

    @api.model
    def _api_prepare_document(self, asked):
        """Return the document that a caller names, as values for `create`.

        :param schemas.link.LinkRequest asked: The request.
        :rtype: dict
        :raises ApiError: if it is not found.
        """
        if asked.order is not None and asked.invoices:
            raise ApiError(
                400,
                "invalid_request",
                self.env._("A payment link is for an order or for invoices, not both."),
                errors=[{"field": "invoices", "message": "order is given as well"}],
            )
        if asked.order is not None:
            order = self._api_find_document("sale.order", asked.order, "order")
            return {"sale_order_id": order.id}
        if asked.invoices:
            invoices = self.env["account.move"]
            for number, name in enumerate(asked.invoices):
                invoices |= self._api_find_document(
                    "account.move", name, f"invoices.{number}"
                )
            return {"invoice_ids": [Command.set(invoices.ids)]}
        return {}

    @api.model
    def _api_find_document(self, model, name, field):
        """Return a document by its id or its number.

        :param str model: The document's model.
        :param int|str name: Its id, or its number.
        :param str field: Where the request names it.
        :raises ApiError: if the caller sees none of that name.
        """
        domain = [
            ("id" if isinstance(name, int) else "name", "=", name),
            ("company_id", "=", self.env.company.id),
        ]
        document = self.env[model].search(domain, limit=2)
        if len(document) != 1:
            raise ApiError(
                422,
                "document_not_found",
                self.env._("There is no document %(name)s.", name=name),
                errors=[{"field": field, "message": "not found"}],
            )
        return document

    @api.model
    def _api_find_currency(self, code):
        """Return the active currency of an ISO code.

        :param str code: The code.
        :rtype: res.currency
        :raises ApiError: if there is none.
        """
        currency = self.env["res.currency"].search([("name", "=", code)])
        if not currency:
            raise ApiError(
                422,
                "currency_not_available",
                self.env._("The currency %(code)s is not active.", code=code),
                errors=[{"field": "currency", "message": "not active"}],
            )
        return currency

    @api.model
    def _api_find_customer(self, asked):
        """Return the contact that a caller names, and create it if it is new.

        By the caller's own reference first, then by the e-mail address. What a contact
        says already is not changed.

        :param schemas.link.CustomerRequest asked: The customer.
        :rtype: res.partner
        :raises ApiError: for an id that the caller sees no contact of.
        """
        partners = self.env["res.partner"]
        domain = [("company_id", "in", (False, self.env.company.id))]
        if asked.id:
            partner = partners.search([*domain, ("id", "=", asked.id)])
            if not partner:
                raise ApiError(
                    422,
                    "customer_not_found",
                    self.env._("There is no contact %(id)s.", id=asked.id),
                    errors=[{"field": "customer.id", "message": "not found"}],
                )
            return partner
        partner = partners
        if asked.reference:
            partner = partners.search([*domain, ("ref", "=", asked.reference)], limit=1)
        if not partner and asked.email:
            partner = partners.search(
                [*domain, ("email_normalized", "=", asked.email.strip().lower())],
                limit=1,
                order="id",
            )
        return partner or partners.create(
            {
                "name": asked.name or asked.email or asked.reference,
                "email": asked.email,
                "ref": asked.reference,
            }
        )

    def _api_delete(self):
        """Close the link for good, and keep it.

        Deleting a deleted link changes nothing.

        :raises ApiError: if a payment of it succeeded, also if it was refunded since,
            or if one is under way: a deleted link has no payments. Who wants to close
            such a link cancels it.
        """
        self.ensure_one()
        self.check_access("write")
        self.sudo()._lock()  # Who pays at this moment is first or second, never both.
        if self.deleted_at:
            return
        if self.state == "completed" or self._has_successful_charge():
            raise ApiError(
                400,
                "already_paid",
                # To the letter: programs of others compare it.
                "Cannot delete a link with successful transactions",
            )
        if self.amount_pending or self.amount_authorized or self._is_being_paid():
            raise ApiError(
                409,
                "payment_under_way",
                self.env._(
                    "The payment link %(reference)s is being paid at this moment. Try"
                    " again later, or cancel it: what is on its way is kept then.",
                    reference=self.reference,
                ),
            )
        self._store({"deleted_at": fields.Datetime.now()})
        if self.state != "cancelled":
            self._set_state("cancelled", close_reason="manual")

    def _api_cancel(self):
        """Close the link. Cancelling a cancelled or expired link changes nothing.

        :raises ApiError: if it is paid.
        """
        self.ensure_one()
        self.check_access("write")
        self.sudo()._lock()
        if self.state == "completed":
            try:
                self._cancel()
            except UserError as error:
                raise ApiError(409, "already_paid", error.args[0]) from error
        self._cancel()

    def _api_reissue(self):
        """Replace the link by a new one.

        :return: The new link.
        :rtype: payment.link
        :raises ApiError: if it is paid, was replaced, or has a payment under way.
        """
        self.ensure_one()
        try:
            return self._reissue()
        except UserError as error:
            raise ApiError(409, "not_replaceable", error.args[0]) from error

    def _api_send(self, channels, message):
        """Send the link to its customer, by all channels or by none.

        :param list[str] channels: Some of :meth:`_get_send_channels`.
        :param str message: Some personal words, or nothing.
        :raises ApiError: if the link takes no money any more, or if there is no address
            or number to send it to.
        """
        self.ensure_one()
        self.check_access("write")
        for channel in channels:
            try:
                self._check_channel(channel)
            except UserError as error:
                raise ApiError(
                    422,
                    "not_sendable",
                    error.args[0],
                    errors=[{"field": "channels", "message": channel}],
                ) from error
        for channel in channels:
            self._send_by_channel(channel, message=message)

    def _has_successful_charge(self):
        """Return whether a payment of the link ever succeeded.

        :rtype: bool
        """
        self.ensure_one()
        charges_sudo = self.env["payment.transaction"].sudo()  # Only whether.
        return bool(
            charges_sudo.search_count(
                [
                    ("payment_link_id", "=", self.id),
                    ("operation", "!=", "refund"),
                    ("state", "=", "done"),
                ],
                limit=1,
            )
        )

    # === GETTERS === #

    @api.model
    def _api_get_page(self, domain, limit, before_id=None):
        """Return some links, the newest first.

        A page begins where the one before ended, by the link's id: it costs the same
        wherever it is, and links that are created meanwhile shift nothing.

        :param Domain domain: Which links.
        :param int limit: How many at most.
        :param int before_id: The id of the last link of the page before.
        :return: The links, and whether there are more.
        :rtype: tuple
        """
        if before_id is not None:
            domain = domain & fields.Domain("id", "<", before_id)
        links = self.search(domain, limit=limit + 1, order="id desc")
        return links[:limit], len(links) > limit

    def _api_show(self):
        """Return the links as the API shows them, see `schemas.link.LinkAnswer`.

        :rtype: list[dict]
        """
        self._api_fetch()
        attempts = self._api_get_attempts()
        return [link._api_show_one(attempts.get(link.id)) for link in self]

    def _api_show_one(self, attempt):
        """Return one link as the API shows it.

        :param str attempt: What became of the last attempt to pay it, if there was one.
        :rtype: dict
        """
        money = self._api_format_amount
        return {
            "id": self.code,
            "link_url": self.url,
            "amount": money(self.amount),
            "currency": self.currency_id.name,
            "reference": self.reference,
            "description": self.description or None,
            "state": self.state,
            "close_reason": self.close_reason or None,
            "payment_status": self.payment_status,
            "invoice_status": _STATEMENT_NAMES[self.payment_status],
            "attempt_status": attempt,
            "is_complete": self.state == "completed" or self.payment_status == "paid",
            "is_delete": bool(self.deleted_at),
            "expiration_date": self._api_get_last_day(),
            "expires_at": self._api_format_time(self.expires_at),
            "created_at": self._api_format_time(self.create_date),
            "updated_at": self._api_format_time(self.write_date),
            "completed_at": self._api_format_time(self.completed_at),
            "amount_paid": money(self.amount_paid),
            "amount_pending": money(self.amount_pending),
            "amount_authorized": money(self.amount_authorized),
            "amount_refunded": money(self.amount_refunded),
            "amount_net": money(self.amount_net),
            "amount_due": money(self.amount_due),
            "amount_surplus": money(self.amount_surplus),
            "paid_late": self.paid_late,
            "subtotal": money(self.amount_untaxed),
            "taxAmount": money(self.amount_tax),
            "total": money(self.amount_total),
            "lines": [line._api_show() for line in self.line_ids],
            "customer": self._api_show_customer(),
            "documents": self._api_show_documents(),
            "max_payments": self.max_payments,
            "activation_minutes": self.activation_minutes,
            "allow_partial": self.allow_partial,
            "minimum_percent": self.minimum_percent,
            "redirect_url": self.redirect_url or None,
            "save_payment_method": self.save_payment_method,
            "descriptor": self.descriptor or None,
            "metadata": self.metadata or None,
            "replaced_by": self.replaced_by_id.sudo().code or None,
        }

    def _api_show_documents(self):
        """Return what the link asks money for as the API shows it.

        :rtype: list[dict]
        """
        link_sudo = self.sudo()  # Who sees the link sees what it is for.
        return [
            {
                "type": "order" if document._name == "sale.order" else "invoice",
                "id": document.id,
                "name": document._payment_link_get_title(),
            }
            for document in link_sudo._get_document() or ()
        ]

    def _api_show_customer(self):
        """Return the link's customer as the API shows it, `None` for a guest.

        :rtype: dict|None
        """
        partner_sudo = self.partner_id.sudo()  # Who sees the link sees its customer.
        if not partner_sudo:
            return None
        return {
            "id": partner_sudo.id,
            "name": partner_sudo.name or "",
            "email": partner_sudo.email or None,
            "reference": partner_sudo.ref or None,
        }

    def _api_get_attempts(self):
        """Return what became of the last charge of each link that has one.

        :return: As `attempt_status` of `schemas.link.LinkAnswer`, by the link's id.
        :rtype: dict
        """
        charges_sudo = self.env["payment.transaction"].sudo()  # Only their states.
        # Every charge moves the count.
        tried = self.filtered("charge_count")
        if not tried:
            return {}
        groups = charges_sudo._read_group(
            [
                ("payment_link_id", "in", tried.ids),
                ("operation", "!=", "refund"),
                ("source_transaction_id", "=", False),
            ],
            ["payment_link_id"],
            ["id:max"],
        )
        last_sudo = charges_sudo.browse(charge_id for _link, charge_id in groups)
        return {
            charge.payment_link_id.id: charge._api_get_attempt_status()
            for charge in last_sudo
        }

    def _api_get_last_day(self):
        """Return the last day on which the link can be paid, where the company is.

        :rtype: str|None
        """
        if not self.expires_at:
            return None
        timezone = self.company_id._get_payment_link_timezone()
        link = self.with_context(tz=timezone)
        local = fields.Datetime.context_timestamp(link, self.expires_at)
        return local.date().isoformat()

    def _api_format_amount(self, amount):
        """Return an amount as a text with the currency's decimals.

        :param float amount: The amount in the link's currency.
        :rtype: str
        """
        return f"{amount or 0.0:.{self.currency_id.decimal_places}f}"

    @api.model
    def _api_format_time(self, time):
        """Return a time as ISO 8601 in UTC.

        :param datetime time: The time in UTC, or `False`.
        :rtype: str|None
        """
        return f"{time.replace(microsecond=0).isoformat()}Z" if time else None
