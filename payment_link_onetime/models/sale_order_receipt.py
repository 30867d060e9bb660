from odoo import models


class SaleOrder(models.Model):
    """One mail for one thing: the receipt says what Odoo's mail on payments says."""

    _inherit = "sale.order"

    # === BUSINESS METHODS === #

    def _send_payment_succeeded_for_order_mail(self):
        """Override of `sale` to leave out what the link's receipt tells.

        Orders that are confirmed get Odoo's confirmation all the same, and money that
        is on its way is told by Odoo.
        """
        told = self.browse()
        if self.env.context.get("payment_link_defer_mails"):
            for order in self:
                transaction = order.get_portal_last_transaction()
                if (
                    transaction.state == "done"
                    and transaction.payment_link_id
                    and order.company_id.payment_link_receipt
                ):
                    told += order
        return super(SaleOrder, self - told)._send_payment_succeeded_for_order_mail()
