from odoo import api, fields, models
from odoo.fields import Domain


class PaymentLink(models.Model):
    """What customers who are signed in see of their links."""

    _inherit = "payment.link"

    # === GETTERS === #

    @api.model
    def _get_portal_domain(self, user):
        """Return which links a portal user sees: those of her company, as of orders.

        Not those of a quotation that was not sent yet, and not those that another link
        took the place of.

        :param res.users user: The user.
        :rtype: Domain
        """
        return (
            Domain("partner_id", "child_of", user.commercial_partner_id.ids)
            & Domain("replaced_by_id", "=", False)
            & Domain("close_reason", "not in", ("reissued", "superseded"))
            & (
                Domain("sale_order_id", "=", False)
                | Domain("sale_order_id.state", "!=", "draft")
            )
        )

    @api.model
    def _get_portal_open_domain(self):
        """Return which links can be paid, before their documents are asked.

        :rtype: Domain
        """
        return Domain("state", "=", "open") & (
            Domain("expires_at", "=", False)
            | Domain("expires_at", ">", fields.Datetime.now())
        )

    def _is_own_portal_visitor(self):
        """Return whether the visitor finds the link in her portal.

        :rtype: bool
        """
        self.ensure_one()
        user = self.env.user
        if user._is_public() or not self.partner_id:
            return False
        customer = self.partner_id.commercial_partner_id
        return user.partner_id.commercial_partner_id == customer

    def _get_portal_values(self):
        """Return what the portal shows of a link, in the language of the context.

        :return: `link`; `href`, where it leads; `amount`, what is to pay or was asked;
            `date` and `expiry`; and `status` with its `status_color`.
        :rtype: dict
        """
        self.ensure_one()
        page_state = self._get_page_state()
        status, status_color = self._get_portal_status(page_state)
        is_open = page_state in ("open", "busy")
        return {
            "link": self,
            "href": self._get_channel_url("portal"),
            "amount": self._format_amount(self._get_displayed_amount(page_state)),
            "date": fields.Datetime.context_timestamp(self, self.create_date).date(),
            "expiry": is_open
            and self.expires_at
            and self._format_time(self.expires_at),
            "is_open": is_open,
            "status": status,
            "status_color": status_color,
        }

    def _get_portal_status(self, page_state):
        """Return what became of the link in one word, and the badge's colour.

        :param str page_state: A value of :meth:`_get_page_state`.
        :rtype: tuple[str, str]
        """
        labels = dict(self._fields["payment_status"]._description_selection(self.env))
        if self.payment_status in ("refunded", "partially_refunded"):
            return labels[self.payment_status], "secondary"
        if page_state in ("open", "busy"):
            if self.payment_status == "partially_paid":
                return labels["partially_paid"], "warning"
            return self.env._("To pay"), "warning"
        return {
            "completed": (labels["paid"], "success"),
            "processing": (labels["processing"], "info"),
            "expired": (self.env._("Expired"), "secondary"),
            "paused": (self.env._("On hold"), "secondary"),
        }.get(page_state, (self.env._("Cancelled"), "secondary"))
