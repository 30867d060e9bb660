from odoo import api, fields, models
from odoo.tools import SQL

from ..const import MONEY_STATES


class PaymentLink(models.Model):
    """What was paid with a link, and what is left to pay."""

    _inherit = "payment.link"

    amount_authorized = fields.Monetary(
        string="Authorized", compute="_compute_amounts", store=True
    )
    amount_pending = fields.Monetary(
        string="Pending", compute="_compute_amounts", store=True
    )
    amount_paid = fields.Monetary(string="Paid", compute="_compute_amounts", store=True)
    amount_refunded = fields.Monetary(
        string="Refunded", compute="_compute_amounts", store=True
    )
    amount_net = fields.Monetary(
        string="Net Paid", compute="_compute_amounts", store=True
    )
    amount_due = fields.Monetary(
        string="Still Due", compute="_compute_amounts", store=True
    )
    amount_surplus = fields.Monetary(
        string="Surplus", compute="_compute_amounts", store=True
    )

    # === COMPUTE METHODS === #

    @api.depends(
        "amount",
        "max_payments",
        "transaction_ids.amount",
        "transaction_ids.operation",
        "transaction_ids.source_transaction_id",
        "transaction_ids.state",
    )
    def _compute_amounts(self):
        # `_recompute_amounts` is for what is not among the dependencies: a thousand
        # links that expire need no new amounts.
        amounts_by_link = self._read_transaction_amounts()
        # Those that were replaced first: the others ask for what these leave.
        for link in self.sorted(lambda link: link._origin.id):
            amounts = amounts_by_link[link.id]
            taken = sum(amounts[name] for name in ("authorized", "pending", "paid"))
            link.amount_authorized = amounts["authorized"]
            link.amount_pending = amounts["pending"]
            link.amount_paid = amounts["paid"]
            link.amount_refunded = amounts["refunded"]
            link.amount_net = amounts["paid"] - amounts["refunded"]
            asked = link._get_asked_amount()
            if link.state == "completed":
                link.amount_due = 0.0  # Of what it asked for, some came another way.
            elif link.max_payments == 1:
                link.amount_due = max(asked - taken, 0.0)
            else:  # Every use asks for the whole amount.
                is_used_up = link.max_payments and amounts["uses"] >= link.max_payments
                link.amount_due = 0.0 if is_used_up else link.amount
            is_limited = link.max_payments
            link.amount_surplus = (
                max(amounts["paid"] - asked, 0.0) if is_limited else 0.0
            )

    # === BUSINESS METHODS === #

    def _recompute_amounts(self):
        """Let the amounts be computed anew: the links, or those before them, changed."""
        self.env.add_to_compute(self._fields["amount_due"], self)

    # === GETTERS === #

    def _get_asked_amount(self):
        """Return what all payments of the link together may come to.

        :return: The amount; of a link without limit, what one payment asks for. Less
            what still came through the link that it replaces.
        :rtype: float
        """
        self.ensure_one()
        if self.replaces_id and self.max_payments == 1:
            return min(self.amount, self.replaces_id.amount_due)
        return self.amount * (self.max_payments or 1)

    def _read_transaction_amounts(self):
        """Add up the links' transactions by sign and state, in one query.

        The rules are those of `payment.transaction._get_payment_link_amounts`. A link
        without limit may have thousands, and each new one would read them all.

        :return: By the link's id: the sums `authorized`, `pending`, `paid`, `refunded`,
            in the link's currency, and `uses`.
        :rtype: dict
        """
        transactions = self.env["payment.transaction"]
        transactions.flush_model(
            [
                "amount",
                "operation",
                "payment_link_id",
                "source_transaction_id",
                "state",
            ]
        )
        names = ("authorized", "pending", "paid", "refunded", "uses")
        amounts = {link.id: dict.fromkeys(names, 0.0) for link in self}
        rows = self.ids and self.env.execute_query(
            SQL(
                """
                SELECT tx.payment_link_id,
                       SUM(tx.amount - COALESCE(told.amount, 0)) FILTER (
                           WHERE is_charge AND tx.state = 'authorized'),
                       SUM(tx.amount) FILTER (
                           WHERE is_charge AND tx.state = 'pending'),
                       SUM(tx.amount) FILTER (
                           WHERE NOT is_refund AND tx.state = 'done'
                             AND told.amount IS NULL),
                       SUM(-tx.amount) FILTER (
                           WHERE is_refund AND tx.state = 'done'),
                       COUNT(*) FILTER (
                           WHERE is_charge AND tx.state IN %(money_states)s)
                  FROM payment_transaction tx
                 CROSS JOIN LATERAL (
                       SELECT COALESCE(tx.operation = 'refund', FALSE) AS is_refund,
                              COALESCE(tx.operation != 'refund', TRUE)
                              AND tx.source_transaction_id IS NULL AS is_charge
                       ) kind
                  LEFT JOIN LATERAL (
                       SELECT SUM(part.amount) AS amount
                         FROM payment_transaction part
                        WHERE part.source_transaction_id = tx.id
                          AND part.operation != 'refund'
                          AND part.state IN ('done', 'cancel')
                       ) told ON is_charge AND tx.state IN ('authorized', 'done')
                 WHERE tx.payment_link_id IN %(link_ids)s
                 GROUP BY tx.payment_link_id
                """,
                link_ids=tuple(self.ids),
                money_states=MONEY_STATES,
            )
        )
        for link_id, *sums in rows or ():
            amounts[link_id] = {
                name: float(amount or 0)
                for name, amount in zip(names, sums, strict=True)
            }
        return amounts

    def _has_surplus(self):
        """Return whether more than the link asked for was paid.

        :rtype: bool
        """
        self.ensure_one()
        return self.currency_id.compare_amounts(self.amount_surplus, 0.0) > 0

    def _is_fully_paid(self):
        """Return whether all that the link can ask for was paid at some time.

        :rtype: bool
        """
        self.ensure_one()
        compare = self.currency_id.compare_amounts
        if compare(self.amount_paid, 0.0) <= 0:
            return False
        if compare(self.amount_paid, self._get_asked_amount()) >= 0:
            return True
        # The rest came another way, or was a discount.
        return self._is_document_settled()
