import math

from odoo import api, models
from odoo.exceptions import ValidationError


class PaymentLink(models.Model):
    """What a link's amount is made of, where there is no document to say so."""

    _inherit = "payment.link"

    # === BUSINESS METHODS === #

    @api.model
    def _prepare_lines(self, vals, currency, document):
        """Return the lines that a caller asks for, and the amount that follows.

        :param dict vals: The values for `create`.
        :param res.currency currency: The link's currency.
        :param document: The document that the link is for: it has prepared the lines.
        :return: Values for `create`.
        :rtype: dict
        :raises ValidationError: for lines that are not understood, and for sums that
            are the server's to compute.
        """
        if document or self._get_replaced():
            return {}
        if computed := {"amount_untaxed", "amount_total"}.intersection(vals):
            raise ValidationError(
                self.env._(
                    "The server computes these amounts of a payment link: %(fields)s.",
                    fields=self._get_field_labels(computed),
                )
            )
        values = {"amount_tax": self._check_tax(vals.get("amount_tax"), currency)}
        if vals.get("line_ids") is None:
            return values
        commands, subtotal = self.env["payment.link.line"]._prepare_commands(
            vals["line_ids"], currency
        )
        total = currency.round(subtotal + values["amount_tax"])
        values.update(line_ids=commands, amount_untaxed=subtotal, amount_total=total)
        if vals.get("amount") is None:
            values["amount"] = total
        return values

    @api.model
    def _prepare_totals(self, vals, currency, document):
        """Return the subtotal and the total that belong to the amount asked for.

        :param dict vals: The values for `create`, with an amount that can be asked.
        :param res.currency currency: The link's currency.
        :param document: The document that the link is for: it has prepared the totals.
        :return: Values for `create`.
        :rtype: dict
        :raises ValidationError: if the amount is not what the lines come to, or not more
            than the taxes in it.
        """
        if document or self._get_replaced():
            return {}
        amount = vals["amount"]
        if vals.get("line_ids"):
            total = vals["amount_total"]
            if currency.compare_amounts(amount, total) != 0:
                raise ValidationError(
                    self.env._(
                        "The lines of the payment link come to %(total)s, and not to"
                        " %(amount)s. Leave the amount out, or correct one of them.",
                        total=currency.format(total),
                        amount=currency.format(amount),
                    )
                )
            return {}
        if currency.compare_amounts(vals["amount_tax"], amount) >= 0:
            raise ValidationError(
                self.env._(
                    "The taxes of a payment link are a part of its amount: %(tax)s is"
                    " not less than %(amount)s.",
                    tax=currency.format(vals["amount_tax"]),
                    amount=currency.format(amount),
                )
            )
        untaxed = currency.round(amount - vals["amount_tax"])
        return {"amount_untaxed": untaxed, "amount_total": amount}

    @api.model
    def _check_tax(self, tax, currency):
        """Return the taxes that a caller names, or refuse them.

        :param float tax: The taxes in `currency`, `None` for none.
        :param res.currency currency: The link's currency.
        :rtype: float
        :raises ValidationError: if it is no number, below zero, or finer than the
            currency.
        """
        tax = 0.0 if tax is None else tax
        if (
            not isinstance(tax, int | float)
            or not math.isfinite(tax)
            or tax < 0
            or not math.isclose(currency.round(tax), tax, rel_tol=1e-12, abs_tol=1e-9)
        ):
            raise ValidationError(
                self.env._(
                    "The taxes of a payment link must be a number, not below zero and"
                    " with no more decimals than %(currency)s knows.",
                    currency=currency.name,
                )
            )
        return currency.round(tax)
