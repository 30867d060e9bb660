from odoo import http
from odoo.http import request

from odoo.addons.payment.controllers.post_processing import PaymentPostProcessing


class PaymentLinkPostProcessing(PaymentPostProcessing):
    @http.route()
    def display_status(self, **kwargs):
        """Override of `payment` to send payers of a link back to its page.

        It is the confirmation, and it waits where the provider has not answered yet.
        """
        link_sudo = self._get_monitored_transaction().payment_link_id
        if link_sudo:
            link_sudo.fetch(("access_token",))  # Odoo would read all of the link.
            return request.redirect(f"{link_sudo._get_page_path()}?returned=1")
        return super().display_status(**kwargs)

    @http.route()
    def poll_status(self, **kwargs):
        """Override of `payment` to leave the booking of link payments to the job."""
        transaction_sudo = self._get_monitored_transaction()
        if not transaction_sudo.payment_link_id:
            return super().poll_status(**kwargs)
        return {
            "provider_code": transaction_sudo.provider_code,
            "state": transaction_sudo.state,
            "landing_route": transaction_sudo.landing_route,
        }
