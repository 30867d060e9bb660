from odoo import Command, api, fields, models
from odoo.exceptions import UserError


class PaymentLinkSend(models.TransientModel):
    """The dialog behind "Send payment link", on a document, a contact, or nothing."""

    _name = "payment.link.send"
    _description = "Send Payment Link"

    res_model = fields.Char(readonly=True)
    res_id = fields.Many2oneReference(model_field="res_model", readonly=True)
    # Of several documents on one link.
    res_ids = fields.Json(string="Documents", readonly=True)
    is_document = fields.Boolean(compute="_compute_is_document")
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one("res.currency", required=True)
    partner_id = fields.Many2one("res.partner", string="Customer")
    amount_option = fields.Selection(
        [
            ("due", "What is due"),
            ("prepayment", "Prepayment"),
            ("installment", "What is overdue, or the next instalment"),
            ("percentage", "Percentage of what is due"),
            ("fixed", "Another amount"),
        ],
        string="Ask for",
        default="due",
        required=True,
    )
    amount_options = fields.Char(compute="_compute_amount_options")
    percentage = fields.Float(default=50.0)
    available_amount = fields.Monetary(string="Due", readonly=True)
    prepayment_amount = fields.Monetary(string="Prepayment", readonly=True)
    installment_amount = fields.Monetary(readonly=True)
    discount_text = fields.Char(readonly=True)
    amount = fields.Monetary(
        compute="_compute_amount",
        compute_sudo=False,  # It tells what the link asks, to whoever named its id.
        store=True,
        precompute=True,
        readonly=False,
        required=True,
    )
    reference = fields.Char(help="Empty: the document's number, or the link's code.")
    description = fields.Text(help="The payer reads it on the page.")
    expires_at = fields.Datetime(string="Expiry")
    is_partial_possible = fields.Boolean(compute="_compute_is_partial_possible")
    allow_partial = fields.Boolean(
        string="Customer may pay in parts",
        help="The customer chooses how much to pay, from the minimum on, until all is"
        " paid.",
    )
    minimum_percent = fields.Float(string="Minimum", default=30.0)
    has_limits = fields.Boolean(string="More limits")
    max_payments = fields.Integer(
        string="Can be paid",
        default=1,
        help="How often the link can be paid. 0: no limit.",
    )
    activation_minutes = fields.Integer(
        string="After opening",
        help="For how long the link can be paid after it was first opened. 0: no limit.",
    )
    save_payment_method = fields.Boolean(
        help="The payer may let us save the payment method for the customer's next"
        " payments.",
    )
    campaign_id = fields.Many2one("utm.campaign")
    source_id = fields.Many2one("utm.source")
    medium_id = fields.Many2one("utm.medium")
    source_link_id = fields.Many2one("payment.link", readonly=True)
    link_id = fields.Many2one("payment.link", readonly=True)
    # A link that the user may not see must not give away its secret here.
    url = fields.Char(related="link_id.url", string="Payment Link", related_sudo=False)
    qr_code = fields.Binary(
        related="link_id.qr_code", string="QR Code", related_sudo=False
    )

    # === COMPUTE METHODS === #

    @api.depends("res_model")
    def _compute_is_document(self):
        for wizard in self:
            wizard.is_document = wizard.res_model in self._get_document_models()

    @api.depends("available_amount", "installment_amount", "prepayment_amount")
    def _compute_amount_options(self):
        for wizard in self:
            parts = {
                "prepayment": wizard.prepayment_amount,
                "installment": wizard.installment_amount,
            }
            options = ["due", "percentage", "fixed"]
            options += [
                option
                for option, amount in parts.items()
                if 0 < amount < wizard.available_amount
            ]
            wizard.amount_options = ",".join(options)

    @api.depends("amount_option", "percentage", "available_amount", "link_id")
    def _compute_amount(self):
        for wizard in self:
            if wizard.link_id:
                wizard.amount = wizard.link_id.amount
            elif wizard.amount_option == "due":
                wizard.amount = wizard.available_amount
            elif wizard.amount_option == "prepayment":
                wizard.amount = min(wizard.prepayment_amount, wizard.available_amount)
            elif wizard.amount_option == "installment":
                wizard.amount = min(wizard.installment_amount, wizard.available_amount)
            elif wizard.amount_option == "percentage":
                part = wizard.available_amount * wizard.percentage / 100.0
                wizard.amount = wizard.currency_id.round(part)
            else:
                wizard.amount = wizard.amount or 0.0

    @api.depends("amount", "company_id", "currency_id")
    def _compute_is_partial_possible(self):
        for wizard in self:
            company = wizard.company_id
            wizard.is_partial_possible = company._is_payment_link_partial_possible(
                wizard.amount, wizard.currency_id
            )

    # === CONSTRAINT METHODS === #

    @api.constrains("percentage")
    def _check_percentage(self):
        for wizard in self:
            if not 0 < wizard.percentage <= 100:
                raise UserError(
                    self.env._("The percentage must be above 0 and at most 100.")
                )

    # === CRUD METHODS === #

    @api.model
    def default_get(self, fields_list):
        """Override of `base` to take the amounts from the document in the context."""
        values = super().default_get(fields_list)
        if link := self.env["payment.link"].browse(values.get("link_id")):
            values.update(self._prepare_values_from_link(link))
            return {key: value for key, value in values.items() if key in fields_list}
        record = self._get_record_from_context()
        company = self.env.company
        if record is not None:
            record._payment_link_check()
            company = record.company_id or company
        values.update(
            company_id=company.id,
            currency_id=company.currency_id.id,
            expires_at=company._get_payment_link_expiry(),
            amount_option="fixed",
        )
        if record is not None:
            values.update(
                res_model=record._name, res_id=record[:1].id, res_ids=record.ids
            )
        if record is not None and record._name == "res.partner":
            values["partner_id"] = record.id
        elif record is not None:
            open_links = record._payment_link_get_open_links()
            available = record._payment_link_get_available_amount()
            link_values = record._payment_link_prepare_values()
            values.update(
                amount_option="due",
                currency_id=record.currency_id.id,
                partner_id=link_values["partner_id"],
                available_amount=available,
                prepayment_amount=record._payment_link_get_prepayment_amount(),
                installment_amount=record._payment_link_get_installment_amount(),
                discount_text=record._payment_link_get_discount_text(),
                **{
                    name: link_values.get(name, False)
                    for name in self._get_marketing_fields()
                },
            )
            if record.currency_id.is_zero(available) and open_links:
                # All that is due is asked for already: that link is sent again.
                values.update(self._prepare_values_from_link(open_links[0]))
        source = self._get_source_from_context()
        if source and not values.get("link_id"):
            values.update(self._prepare_values_from_source(source))
        return {key: value for key, value in values.items() if key in fields_list}

    # === ACTION METHODS === #

    def action_create_link(self):
        """Make the link and show it, without sending anything.

        :return: The window action that shows the dialog again.
        :rtype: dict
        """
        self.ensure_one()
        self._ensure_link()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Send Payment Link"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }

    # === BUSINESS METHODS === #

    def _ensure_link(self):
        """Return the dialog's link, and create it if it has none.

        :rtype: payment.link
        """
        self.ensure_one()
        if not self.link_id:
            self.link_id = self.env["payment.link"].create(self._prepare_link_values())
            self.reference = self.link_id.reference
        return self.link_id

    def _prepare_link_values(self):
        """Return what the dialog asks for, as values of `payment.link`.

        :rtype: dict
        """
        self.ensure_one()
        values = {
            "company_id": self.company_id.id,
            "currency_id": self.currency_id.id,
            "amount": self.amount,
            "description": self.description,
            "expires_at": self.expires_at,
            "reference": self.reference,
        }
        if self.has_limits:
            values["activation_minutes"] = self.activation_minutes
            if not self.is_document:
                values["max_payments"] = self.max_payments
        if self.allow_partial and self.is_partial_possible:
            values.update(allow_partial=True, minimum_percent=self.minimum_percent)
        if self.is_document:
            record = self.env[self.res_model].browse(self.res_ids or self.res_id)
            values = {**record._payment_link_prepare_values(), **values}
        else:
            values["partner_id"] = self.partner_id.id
            values.update(self._prepare_source_lines())
        if self.partner_id:
            values["save_payment_method"] = self.save_payment_method
        for field_name in self._get_marketing_fields():
            values[field_name] = self[field_name].id
        return values

    def _prepare_source_lines(self):
        """Return the lines of the link that the dialog was filled in from.

        They explain that link's amount, and no other.

        :return: Values for `create`.
        :rtype: dict
        """
        self.ensure_one()
        source = self.source_link_id
        if not source.line_ids or self.currency_id.compare_amounts(
            self.amount, source.amount_total
        ):
            return {}
        source.check_access("read")
        return {
            "line_ids": [
                Command.create(
                    {
                        "name": line.name,
                        "description": line.description,
                        "value_type": line.value_type,
                        "value": line.value,
                    }
                )
                for line in source.line_ids
            ],
            "amount_tax": source.amount_tax,
        }

    # === GETTERS === #

    @api.model
    def _get_marketing_fields(self):
        """Return the fields that say by which effort a customer was won.

        :rtype: list[str]
        """
        return [name for _key, name, _cookie in self.env["utm.mixin"].tracking_fields()]

    @api.model
    def _get_source_from_context(self):
        """Return the link from which the dialog was opened to ask for the same again.

        :rtype: payment.link
        """
        source_id = self.env.context.get("payment_link_source_id")
        return self.env["payment.link"].browse(source_id if source_id else ())

    @api.model
    def _prepare_values_from_source(self, source):
        """Return what the dialog takes over from a link that is asked for once more.

        :param payment.link source: The link.
        :rtype: dict
        """
        values = {
            "source_link_id": source.id,
            "company_id": source.company_id.id,
            "currency_id": source.currency_id.id,
            "partner_id": source.partner_id.id,
            "amount_option": "fixed",
            "amount": source.amount,
            "description": source.description,
            "save_payment_method": source.save_payment_method,
            "phone": source.phone,
            **{name: source[name].id for name in self._get_marketing_fields()},
        }
        if document := source._get_document():
            available = document._payment_link_get_available_amount()
            values["amount"] = min(source.amount, available)
        return values

    @api.model
    def _prepare_values_from_link(self, link):
        """Return what the dialog shows of a link that is to be sent again.

        :param payment.link link: The link.
        :rtype: dict
        """
        return {
            "link_id": link.id,
            "company_id": link.company_id.id,
            "currency_id": link.currency_id.id,
            "partner_id": link.partner_id.id,
            "amount_option": "fixed",
            "amount": link.amount,
            "reference": link.reference,
            "expires_at": link.expires_at,
            "phone": link.phone,
        }

    @api.model
    def _get_document_models(self):
        """Return the models whose records owe money by themselves.

        :rtype: set[str]
        """
        link_fields = self.env["payment.link"]._fields
        return {
            link_fields[name].comodel_name
            for name in self.env["payment.link"]._get_document_fields()
        }

    @api.model
    def _get_record_from_context(self):
        """Return the document or contact that the dialog was opened on.

        Several invoices are one document: the dialog makes one link for all of them.

        :return: Records of a model that implements `payment.link.document.mixin`, or `None`.
        """
        context = self.env.context
        model = context.get("active_model")
        record_ids = context.get("active_ids") or []
        if model != "account.move" or not record_ids:
            record_ids = [context.get("active_id") or next(iter(record_ids), False)]
        if model not in {*self._get_document_models(), "res.partner"} or not any(
            record_ids
        ):
            return None
        return self.env[model].browse(record_ids)
