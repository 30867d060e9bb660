from odoo import models
from odoo.fields import Domain


class PaymentLinkDocumentMixin(models.AbstractModel):
    """How customers pay a document from its page in Odoo's portal."""

    _inherit = "payment.link.document.mixin"

    # === GETTERS === #

    def _payment_link_get_portal_link(self):
        """Return the link by which the document's page in the portal lets pay it.

        Whoever sees the page may see the link: both are the customer's.

        :return: In sudo, the oldest open link that can be paid, or else one on which a
            payment is on its way; empty if Odoo's own way to pay is the only one.
        :rtype: payment.link
        """
        self.ensure_one()
        links_sudo = (
            self.env["payment.link"]
            .sudo()  # Customers may not read links.
            .search(
                Domain(self._payment_link_field, "in", self.ids)
                & Domain("state", "=", "open"),
                order="id",
            )
        )
        by_state = {}
        for link_sudo in links_sudo:
            by_state.setdefault(link_sudo._get_page_state(), link_sudo)
        states = (by_state.get(state) for state in ("open", "busy", "processing"))
        return next(filter(None, states), links_sudo.browse())

    def _payment_link_get_portal_button(self):
        """Return the button that leads from the document's page to its link.

        :return: `href`, `label` and whether there is something `to_pay`; empty without
            a link.
        :rtype: dict
        """
        link_sudo = self._payment_link_get_portal_link()
        if not link_sudo:
            return {}
        is_to_pay = link_sudo._get_page_state() != "processing"
        if not is_to_pay:
            label = self.env._("See your payment")
        elif link_sudo.allow_partial:
            label = self.env._("Pay now")
        else:
            amount = link_sudo._format_amount(link_sudo._get_amount_to_pay())
            label = self.env._("Pay %(amount)s", amount=amount)
        return {
            "href": link_sudo._get_channel_url("portal"),
            "label": label,
            "is_to_pay": is_to_pay,
        }
