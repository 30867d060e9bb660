import re

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..const import FIXED_FIELDS, MAX_AMOUNT, RECORDED_FIELDS
from ..tools import qr_code_png


class _OwnValues:
    """What a link writes itself. It stands in a context, and equals nothing but itself."""

    def __init__(self, values):
        self.values = values


class PaymentLink(models.Model):
    """What is asked, of whom, until when.

    How it comes about is in `payment_link_creation`, what happens to it in
    `payment_link_lifecycle`, who may pay it in `payment_link_charge`, what a visitor
    sees in `payment_link_page`, how it reaches the customer in `payment_link_channel`.
    """

    _name = "payment.link"
    _description = "Payment Link"
    _inherit = ["mail.thread", "mail.activity.mixin", "utm.mixin"]
    _rec_name = "reference"
    _order = "id desc"

    # What is asked: fixed at creation
    code = fields.Char(
        readonly=True,
        required=True,
        copy=False,
        help="Names the link in conversations and on bank statements. It opens nothing.",
    )
    access_token = fields.Char(
        readonly=True,
        required=True,
        copy=False,
        groups="base.group_user",
        help="The secret part of the pay URL.",
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True, ondelete="restrict"
    )
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    amount = fields.Monetary(
        required=True, readonly=True, help="What one payment of this link asks for."
    )
    reference = fields.Char(required=True, readonly=True, copy=False)
    description = fields.Text(
        help="What the payer reads under the amount. It may change at any time."
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="Empty: payments are booked on the company's guest contact.",
    )
    line_ids = fields.One2many(
        "payment.link.line", "link_id", string="Lines", readonly=True, copy=False
    )
    amount_untaxed = fields.Monetary(string="Subtotal", readonly=True)
    amount_tax = fields.Monetary(string="Taxes", readonly=True)
    amount_total = fields.Monetary(
        string="Total",
        readonly=True,
        help="What the lines add up to. The amount asked may be a part of it.",
    )
    sale_order_id = fields.Many2one(
        "sale.order",
        string="Sales Order",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    invoice_ids = fields.Many2many(
        "account.move",
        "payment_link_invoice_rel",
        "link_id",
        "invoice_id",
        string="Invoices",
        readonly=True,
        copy=False,
    )
    allow_partial = fields.Boolean(string="Allow Partial Payments", readonly=True)
    minimum_percent = fields.Float(default=100.0, readonly=True)
    max_payments = fields.Integer(
        default=1, readonly=True, help="How often the link can be paid. 0: no limit."
    )
    expires_at = fields.Datetime(
        string="Expiry",
        readonly=True,
        index="btree_not_null",
        help="The last moment (UTC) at which a payment can be started. Empty: no end.",
    )
    activation_minutes = fields.Integer(
        readonly=True,
        help="Minutes for which the link can be paid after it was first opened."
        " 0: no limit.",
    )
    redirect_url = fields.Char(readonly=True)
    save_payment_method = fields.Boolean(readonly=True)
    provider_ids = fields.Many2many(
        "payment.provider",
        string="Allowed Providers",
        readonly=True,
        groups="base.group_system",  # As the providers themselves.
        help="Empty: every provider of the company.",
    )
    payment_method_ids = fields.Many2many(
        "payment.method",
        string="Allowed Payment Methods",
        readonly=True,
        # A method that is switched off later must not leave a list that allows all.
        context={"active_test": False},
        help="Empty: every method of the allowed providers.",
    )
    descriptor = fields.Json(readonly=True)
    metadata = fields.Json(readonly=True)

    # What may change
    user_id = fields.Many2one(
        "res.users",
        string="Salesperson",
        default=lambda self: self.env.user,
        index=True,
        tracking=True,
    )

    # What follows from it
    url = fields.Char(string="Payment URL", compute="_compute_url")
    qr_code = fields.Binary(compute="_compute_qr_code")
    invoice_count = fields.Integer(compute="_compute_invoice_count")
    event_ids = fields.One2many(
        "payment.link.event", "link_id", string="Events", readonly=True, copy=False
    )

    _create_date_index = models.Index("(create_date)")
    _code_unique = models.Constraint(
        "UNIQUE(code)", "Another payment link has this code already."
    )
    _access_token_unique = models.Constraint(
        "UNIQUE(access_token)", "Another payment link has this access token already."
    )
    _reference_unique = models.UniqueIndex(
        "(company_id, reference) WHERE replaced_by_id IS NULL",
        "Another payment link of this company has this reference already.",
    )
    _amount_positive = models.Constraint(
        "CHECK(amount > 0)", "The amount of a payment link must be above zero."
    )
    _minimum_percent_range = models.Constraint(
        "CHECK(minimum_percent BETWEEN 30 AND 100)",
        "The minimum of a partial payment is between 30 and 100 percent.",
    )
    _max_payments_positive = models.Constraint(
        "CHECK(max_payments >= 0)",
        "The number of payments of a link cannot be negative.",
    )
    _activation_minutes_positive = models.Constraint(
        "CHECK(activation_minutes >= 0)",
        "The minutes that a link stays open for cannot be negative.",
    )

    # === CONSTRAINT METHODS === #

    @api.constrains("amount", "currency_id")
    def _check_amount(self):
        for link in self:
            if link.amount > MAX_AMOUNT:
                raise ValidationError(
                    self.env._(
                        "%(amount)s is more than a payment link can ask for"
                        " (at most %(maximum)s).",
                        amount=link.currency_id.format(link.amount),
                        maximum=link.currency_id.format(MAX_AMOUNT),
                    )
                )

    @api.constrains(
        "company_id",
        "currency_id",
        "invoice_ids",
        "max_payments",
        "partner_id",
        "sale_order_id",
    )
    def _check_document(self):
        """A link asks in the name of its document, so the two cannot disagree."""
        for link in self:
            kinds = [name for name in self._get_document_fields() if link[name]]
            if len(kinds) > 1:
                raise ValidationError(
                    self.env._(
                        "A payment link asks for one document. Create a link for each"
                        " of these: %(documents)s.",
                        documents=", ".join(
                            document.display_name
                            for name in kinds
                            for document in link[name]
                        ),
                    )
                )
            document = link._get_document()
            if not document:
                continue
            if link.max_payments != 1:
                raise ValidationError(
                    self.env._(
                        "%(document)s owes its amount once, so a payment link on it can"
                        " be paid once.",
                        document=document.display_name,
                    )
                )
            for field in ("company_id", "currency_id"):
                if document[field] != link[field]:
                    raise ValidationError(
                        self.env._(
                            "%(field)s of the payment link is not the one of"
                            " %(document)s.",
                            field=link._fields[field].get_description(self.env)[
                                "string"
                            ],
                            document=document._payment_link_get_title(),
                        )
                    )
            customer = link.partner_id.commercial_partner_id
            if document.partner_id.commercial_partner_id != customer:
                raise ValidationError(
                    self.env._(
                        "%(document)s belongs to %(customer)s: a payment link on it"
                        " cannot be made for somebody else.",
                        document=document._payment_link_get_title(),
                        customer=document.partner_id[:1].display_name,
                    )
                )

    @api.constrains("company_id", "partner_id", "provider_ids")
    def _check_companies(self):
        for link in self:
            providers_sudo = link.sudo().provider_ids  # Users may not read them.
            for record in (link.partner_id, *providers_sudo):
                if record.company_id and record.company_id != link.company_id:
                    raise ValidationError(
                        self.env._(
                            "%(record)s belongs to another company than the payment"
                            " link.",
                            record=record.display_name,
                        )
                    )

    # === COMPUTE METHODS === #

    @api.depends(
        "access_token",
        "company_id.payment_link_landing",
        "company_id.payment_link_landing_url",
    )
    def _compute_url(self):
        for link in self:
            # Not in sudo mode: who may not read the link may not pay in its name.
            token = link.access_token
            link.url = token and (
                link.company_id._get_payment_link_landing_url(token)
                or f"{link.get_base_url()}{link._get_page_path()}"
            )

    @api.depends("url")
    def _compute_qr_code(self):
        for link in self:
            link.qr_code = link.url and qr_code_png(link.url)

    @api.depends("invoice_ids")
    def _compute_invoice_count(self):
        for link in self:
            link.invoice_count = len(link.invoice_ids)

    # === CRUD METHODS === #

    def write(self, vals):
        """Override of `mail.thread` to keep what was asked and what happened.

        :raises UserError: for every field that is fixed at creation or recorded by
            the link itself, whoever writes it.
        """
        own = self.env.context.get("payment_link_own_values")
        is_own = isinstance(own, _OwnValues) and own.values is vals
        refused = (FIXED_FIELDS | RECORDED_FIELDS).intersection(vals)
        if refused and not is_own:
            raise UserError(
                self.env._(
                    "What a payment link asks for is fixed when it is created, and what"
                    " happened to it is recorded by the system. These fields cannot be"
                    " changed: %(fields)s. Create another link instead.",
                    fields=self._get_field_labels(refused),
                )
            )
        return super().write(vals)

    def _store(self, values):
        """Write what `write` refuses. For the link's own methods only.

        :param dict values: The values.
        """
        # Through `write`, as automation rules watch it. These very values are let
        # through: nobody can say that in a call from outside, or in a rule's code.
        # None of it is tracked: the link's methods log what happened themselves.
        return self.with_context(
            payment_link_own_values=_OwnValues(values), tracking_disable=True
        ).write(values)

    def copy(self, default=None):
        """Override of `base`: a copied link would ask for the same money again.

        :raises UserError: always.
        """
        if self:
            raise UserError(
                self.env._(
                    "A payment link cannot be copied. Send a new link from the"
                    " document."
                )
            )
        return super().copy(default)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(
            self.env._(
                "Payment links are kept, because payments and bank statements refer to"
                " them. Cancel the link instead."
            )
        )

    # === ACTION METHODS === #

    def action_open_page(self):
        """Open the link's own page, as the payer sees it.

        :return: The URL action.
        :rtype: dict
        """
        self.ensure_one()
        return {"type": "ir.actions.act_url", "url": self.url, "target": "new"}

    def action_view_document(self):
        """Open the document that the link asks money for.

        :return: The window action.
        :rtype: dict
        """
        self.ensure_one()
        return self._get_document()._payment_link_get_view_action()

    # === GETTERS === #

    @api.model
    def _get_document_fields(self):
        """Return the fields that hold a link's document.

        Override to add a type of document: its model implements
        `payment.link.document.mixin`, and a link has one document at most.

        :rtype: list[str]
        """
        return ["sale_order_id", "invoice_ids"]

    def _get_document(self):
        """Return the document that the link asks money for.

        :return: Records of a model that implements `payment.link.document.mixin`, or
            `None` for a link without a document.
        """
        self.ensure_one()
        for field_name in self._get_document_fields():
            if document := self[field_name]:
                return document
        return None

    @api.model
    def _get_field_labels(self, field_names):
        """Return the names of fields as the user knows them, in one text.

        :param iterable field_names: The technical names.
        :rtype: str
        """
        labels = self.fields_get(field_names, ["string"])
        return ", ".join(
            sorted(labels.get(name, {}).get("string", name) for name in field_names)
        )

    def _get_page_path(self):
        """Return the path of the link's page below the host.

        :rtype: str
        """
        self.ensure_one()
        # Whoever may see the URL may see the token: it is a part of it.
        return f"/pay/{self.sudo().access_token}"

    @api.model
    def _find_by_token(self, access_token):
        """Return the link of a pay URL.

        :param str access_token: The secret part of the URL, as a stranger sent it.
        :return: The link in sudo, empty for every wrong token.
        :rtype: payment.link
        """
        # In sudo mode because payers have no account: the token is their right.
        links_sudo = self.sudo()
        if not re.fullmatch(r"[\w-]+", access_token, re.ASCII):
            return links_sudo  # PostgreSQL takes no NUL byte, not even to say no.
        return links_sudo._search_for_payer(access_token)
