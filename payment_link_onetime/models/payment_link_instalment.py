import math

from odoo import api, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import float_round

from ..tools import is_finite_number


class PaymentLink(models.Model):
    """Links that a payer may pay in parts: from a minimum each, until all is paid."""

    _inherit = "payment.link"

    # === CONSTRAINT METHODS === #

    @api.constrains("allow_partial", "amount", "company_id", "currency_id")
    def _check_instalments(self):
        for link in self.filtered("allow_partial"):
            threshold = link.company_id._get_payment_link_threshold(link.currency_id)
            if threshold is None:
                raise ValidationError(
                    self.env._(
                        "Payments in parts are not set up for %(currency)s. A manager"
                        " can say above which amount they are possible, in Settings >"
                        " Payment Links > Payments in parts.",
                        currency=link.currency_id.name,
                    )
                )
            if link.currency_id.compare_amounts(link.amount, threshold) <= 0:
                raise ValidationError(
                    self.env._(
                        "Payments in parts are possible above %(threshold)s only.",
                        threshold=link.currency_id.format(threshold),
                    )
                )
            if link.max_payments != 1:
                raise ValidationError(
                    self.env._(
                        "A link that can be paid more than once cannot be paid in"
                        " parts: choose one of them."
                    )
                )

    # === BUSINESS METHODS === #

    def _get_chosen_amount(self, amount, due):
        """Return what a payer chose to pay now, or refuse it.

        :param float amount: What the page sent, in the link's currency, by whomever;
            `None` for all that is due.
        :param float due: What can be paid at most.
        :return: The amount, rounded to the currency.
        :rtype: float
        :raises UserError: for what is no amount between the minimum and what is due.
        """
        self.ensure_one()
        currency = self.currency_id
        minimum = self._get_minimum_amount(due)
        if amount is None:
            return due
        if (
            not is_finite_number(amount)
            or not math.isclose(
                currency.round(amount), amount, rel_tol=1e-12, abs_tol=1e-9
            )
            or currency.compare_amounts(amount, minimum) < 0
            or currency.compare_amounts(amount, due) > 0
        ):
            raise UserError(
                self.env._(
                    "Please choose an amount from %(minimum)s to %(due)s.",
                    minimum=currency.format(minimum),
                    due=currency.format(due),
                )
            )
        return currency.round(amount)

    # === GETTERS === #

    def _get_minimum_amount(self, due):
        """Return the least that can be paid now.

        :param float due: What can be paid at most, in the link's currency.
        :return: The link's percentage of its amount, rounded up to the currency; less
            for the last instalment.
        :rtype: float
        """
        self.ensure_one()
        if not self.allow_partial:
            return due
        minimum = float_round(
            self.amount * self.minimum_percent / 100.0,
            precision_rounding=self.currency_id.rounding,
            rounding_method="UP",
        )
        return min(minimum, due)

    def _get_instalment_values(self, own_charge):
        """Return what the page shows of a link that is paid in parts.

        :param payment.transaction own_charge: What this visitor started to pay last.
        :rtype: dict
        """
        self.ensure_one()
        if not self.allow_partial:
            return {"is_partial": False}
        due = self._get_amount_to_pay()
        minimum = self._get_minimum_amount(due)
        is_open = self.state == "open"
        on_its_way = self.amount_pending + self.amount_authorized
        return {
            "is_partial": True,
            "has_choice": self.currency_id.compare_amounts(minimum, due) < 0,
            # As a form's field writes a number, in whichever language.
            "due_value": f"{due:.{self.currency_id.decimal_places}f}",
            "minimum_value": f"{minimum:.{self.currency_id.decimal_places}f}",
            "amount_step": self.currency_id.rounding,
            "due_text": is_open and due and self._format_amount(due),
            "asked_text": self._format_amount(self.amount),
            "minimum_text": self._format_amount(minimum),
            "paid_so_far_text": self.amount_paid
            and self._format_amount(self.amount_paid),
            "on_its_way_text": on_its_way and self._format_amount(on_its_way),
            "paid_percent": min(round(100 * self.amount_paid / self.amount), 100),
            "on_its_way_percent": min(round(100 * on_its_way / self.amount), 100),
            "own_amount_text": own_charge and self._format_amount(own_charge.amount),
        }
