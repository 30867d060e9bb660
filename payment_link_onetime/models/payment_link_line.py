import math
from decimal import Decimal

from odoo import Command, api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools.misc import formatLang

from .. import arithmetic
from ..const import MAX_LINE_DESCRIPTION, MAX_LINE_VALUE, MAX_LINES


class PaymentLinkLine(models.Model):
    """What an amount is made of, as it was when the link was created.

    Of a link with a document it is a copy of the document's lines. For other links the
    caller says what each line is worth, and the server what all of them come to.
    """

    _name = "payment.link.line"
    _description = "Payment Link Line"
    _order = "sequence, id"

    link_id = fields.Many2one(
        "payment.link", required=True, index=True, ondelete="cascade"
    )
    sequence = fields.Integer(default=10)
    name = fields.Char(required=True)
    description = fields.Text()
    quantity = fields.Float(default=1.0, digits="Product Unit")
    value_type = fields.Selection(
        [
            (arithmetic.STANDARD, "Standard"),
            (arithmetic.DISCOUNT, "Discount"),
            (arithmetic.DISCOUNT_PERCENTAGE, "Discount in Percent"),
            (arithmetic.FINAL_DISCOUNT, "Final Discount"),
            (arithmetic.PRICE_OVERRIDE, "Price Override"),
        ],
        string="Type",
        default=arithmetic.STANDARD,
        required=True,
        help="What the value does to the total of the lines before it. A final discount"
        " is taken off after all other lines.",
    )
    value = fields.Float(
        help="An amount, or a percentage. 0 on lines that come from a document."
    )
    currency_id = fields.Many2one(related="link_id.currency_id")
    amount_untaxed = fields.Monetary(string="Subtotal")
    amount_tax = fields.Monetary(string="Taxes")
    amount_total = fields.Monetary(string="Total")

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        # A link has its first event at the end of its own creation.
        if lines.link_id.event_ids:
            lines._refuse_change()
        return lines

    def write(self, vals):
        """Override of `base`: lines are fixed, as all that a link asks for.

        :raises UserError: always.
        """
        if self:
            self._refuse_change()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        self._refuse_change()

    def _refuse_change(self):
        raise UserError(
            self.env._(
                "The lines of a payment link are fixed when it is created. Create"
                " another link instead."
            )
        )

    # === BUSINESS METHODS === #

    @api.model
    def _prepare_commands(self, commands, currency):
        """Check the lines that a caller asks for, and work out what they come to.

        :param list commands: Commands that create the lines, as for any one2many.
        :param res.currency currency: The link's currency.
        :return: The commands with the amounts of each line, and the sum of these, above
            zero and rounded to the currency.
        :rtype: tuple[list, float]
        :raises ValidationError: naming the line and the field, if there is something
            wrong with one, or if the lines come to nothing.
        """
        vals_list = self._check_commands(commands)
        changes, total = arithmetic.add_up(
            [(vals["value_type"], Decimal(str(vals["value"]))) for vals in vals_list],
            Decimal(str(currency.rounding)),
        )
        if not total:
            raise ValidationError(
                self.env._(
                    "After its discounts, the lines of the payment link come to"
                    " nothing. There is nothing to ask for."
                )
            )
        for sequence, (vals, change) in enumerate(
            zip(vals_list, changes, strict=True), start=1
        ):
            vals.update(
                sequence=sequence,
                amount_untaxed=float(change),
                amount_total=float(change),
            )
        return [Command.create(vals) for vals in vals_list], float(total)

    @api.model
    def _check_commands(self, commands):
        """Return the values of the lines that a caller asks for, or refuse them.

        :param list commands: Commands that create the lines.
        :return: The values for `create`.
        :rtype: list[dict]
        :raises ValidationError: naming the line and the field.
        """
        if not isinstance(commands, list | tuple):
            commands = []
        if not 1 <= len(commands) <= MAX_LINES:
            raise ValidationError(
                self.env._(
                    "A payment link has 1 to %(maximum)s lines, and not %(count)s.",
                    maximum=MAX_LINES,
                    count=len(commands),
                )
            )
        vals_list = []
        for number, command in enumerate(commands, start=1):
            match command:
                case (Command.CREATE, _, dict(vals)):
                    vals_list.append(self._check_line(number, vals))
                case _:
                    raise ValidationError(
                        self.env._("The lines of a payment link are created with it.")
                    )
        return vals_list

    @api.model
    def _check_line(self, number, vals):
        """Return the values of a line that a caller asks for, or refuse them.

        :param int number: The place of the line in the caller's list, from 1.
        :param dict vals: `name`, `value`, and perhaps `value_type` and `description`.
        :rtype: dict
        :raises ValidationError: naming the line and the field.
        """
        known = {"name", "value", "value_type", "description"}
        for field_name in vals:
            if field_name not in known:
                self._refuse_line(
                    number,
                    field_name,
                    self.env._("a caller cannot set it: the server computes the line"),
                )
        name = vals.get("name")
        if not isinstance(name, str) or not name.strip():
            self._refuse_line(number, "name", self.env._("there is none"))
        description = vals.get("description") or ""
        if not isinstance(description, str) or len(description) > MAX_LINE_DESCRIPTION:
            self._refuse_line(
                number,
                "description",
                self.env._(
                    "it must be a text of at most %(maximum)s characters",
                    maximum=MAX_LINE_DESCRIPTION,
                ),
            )
        value_type = vals.get("value_type", arithmetic.STANDARD)
        if value_type not in dict(self._fields["value_type"].selection):
            self._refuse_line(
                number,
                "value_type",
                self.env._("%(value)s is not one of the types", value=value_type),
            )
        value = vals.get("value")
        if (
            not isinstance(value, int | float | Decimal)
            or isinstance(value, bool)
            or not math.isfinite(value)
            or not 0 <= value <= MAX_LINE_VALUE
        ):
            self._refuse_line(
                number,
                "value",
                self.env._(
                    "%(value)s is not a number from 0 to %(maximum)s",
                    value=value,
                    maximum=f"{MAX_LINE_VALUE:,}",
                ),
            )
        return {
            "name": name.strip(),
            "description": description.strip() or False,
            "value_type": value_type,
            "value": value,
        }

    @api.model
    def _refuse_line(self, number, field_name, reason):
        """Say which field of which line is wrong, and why.

        :raises ValidationError: always.
        """
        labels = self.fields_get([field_name], ["string"])
        raise ValidationError(
            self.env._(
                "Line %(number)s, %(field)s: %(reason)s.",
                number=number,
                field=labels.get(field_name, {}).get("string", field_name),
                reason=reason,
            )
        )

    # === GETTERS === #

    def _copy_values(self):
        """Return the line as `create` takes it, for a link that replaces this one's.

        :rtype: dict
        """
        self.ensure_one()
        return {
            name: self[name]
            for name in (
                "sequence",
                "name",
                "description",
                "quantity",
                "value_type",
                "value",
                "amount_untaxed",
                "amount_tax",
                "amount_total",
            )
        }

    def _get_page_note(self):
        """Return what a payer has to know to understand the line's amount.

        :return: The text in the language of the context, or `None` for a plain price.
        :rtype: str|None
        """
        self.ensure_one()
        if self.value_type == arithmetic.DISCOUNT_PERCENTAGE:
            decimals = max(-Decimal(str(self.value)).normalize().as_tuple().exponent, 0)
            percentage = formatLang(self.env, self.value, digits=decimals)
            return self.env._("Discount of %(percentage)s%%", percentage=percentage)
        if self.value_type == arithmetic.PRICE_OVERRIDE:
            amount = self.link_id._format_amount(self.value)
            return self.env._("The price up to here becomes %(amount)s", amount=amount)
        if self.value_type == arithmetic.DISCOUNT:
            return self.env._("Discount")
        if self.value_type == arithmetic.FINAL_DISCOUNT:
            return self.env._("Discount on the total")
        return None

    def _api_show(self):
        """Return the line as the API shows it.

        :rtype: dict
        """
        self.ensure_one()
        money = self.link_id._api_format_amount
        return {
            "name": self.name,
            "description": self.description or None,
            "quantity": self.quantity,
            "value_type": self.value_type,
            "value": money(self.value),
            "subtotal": money(self.amount_untaxed),
            "taxAmount": money(self.amount_tax),
            "total": money(self.amount_total),
        }
