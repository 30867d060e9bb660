from odoo import http
from odoo.exceptions import AccessError, MissingError
from odoo.fields import Domain
from odoo.http import request

from odoo.addons.account_payment.controllers.portal import PortalAccount
from odoo.addons.portal.controllers.portal import pager as portal_pager


class PaymentLinkCustomerPortal(PortalAccount):
    """Links of customers who are signed in. Theirs are those of their company."""

    def _prepare_home_portal_values(self, counters):
        """Override of `portal` to count the links, and those that can be paid."""
        values = super()._prepare_home_portal_values(counters)
        links_sudo = self._get_portal_links()
        domain = links_sudo._get_portal_domain(request.env.user)
        if "payment_link_count" in counters:
            values["payment_link_count"] = links_sudo.search_count(domain, limit=1)
        if "payment_link_open_count" in counters:
            values["payment_link_open_count"] = links_sudo.search_count(
                domain & links_sudo._get_portal_open_domain()
            )
        return values

    @http.route(
        ["/my/payment-links", "/my/payment-links/page/<int:page>"],
        type="http",
        auth="user",
        website=True,
        readonly=True,
    )
    def portal_my_payment_links(self, page=1, sortby=None, filterby=None, **_kwargs):
        """Show the links of the signed-in customer's company.

        :param int page: Which page of the list.
        :param str sortby: A key of :meth:`_get_payment_link_sortings`.
        :param str filterby: A key of :meth:`_get_payment_link_filters`.
        :return: The page.
        """
        links_sudo = self._get_portal_links()
        sortings = self._get_payment_link_sortings()
        filters = self._get_payment_link_filters()
        sortby = sortby if sortby in sortings else "date"
        filterby = filterby if filterby in filters else "all"
        domain = (
            links_sudo._get_portal_domain(request.env.user)
            & filters[filterby]["domain"]
        )
        pager = portal_pager(
            url="/my/payment-links",
            url_args={"sortby": sortby, "filterby": filterby},
            total=links_sudo.search_count(domain),
            page=page,
            step=self._items_per_page,
        )
        links_sudo = links_sudo.search(
            domain,
            order=sortings[sortby]["order"],
            limit=self._items_per_page,
            offset=pager["offset"],
        )
        return request.render(
            "payment_link_onetime.portal_my_payment_links",
            {
                **self._prepare_portal_layout_values(),
                "page_name": "payment_link",
                "default_url": "/my/payment-links",
                "entries": [link._get_portal_values() for link in links_sudo],
                "pager": pager,
                "searchbar_sortings": sortings,
                "sortby": sortby,
                "searchbar_filters": filters,
                "filterby": filterby,
            },
        )

    @http.route()
    def portal_my_invoice_detail(self, invoice_id, access_token=None, **kwargs):
        """Override of `account_payment`: who comes to pay goes to the open link."""
        if kwargs.get("payment") and not kwargs.get("report_type"):
            try:
                invoice_sudo = self._document_check_access(
                    "account.move", invoice_id, access_token
                )
            except (AccessError, MissingError):
                return request.redirect("/my")
            if link_sudo := invoice_sudo._payment_link_get_portal_link():
                url = link_sudo._get_channel_url("portal")
                # It may be the company's own page, on another host.
                return request.redirect(url, local=False)
        return super().portal_my_invoice_detail(
            invoice_id, access_token=access_token, **kwargs
        )

    @staticmethod
    def _get_portal_links():
        """Return the model of the links, to be searched for the user's own only.

        :rtype: payment.link
        """
        return request.env[
            "payment.link"
        ].sudo()  # Customers have no right of their own.

    @staticmethod
    def _get_payment_link_sortings():
        """Return how the list can be sorted: label and order by key.

        :rtype: dict
        """
        return {
            "date": {"label": request.env._("Newest"), "order": "id desc"},
            "expiry": {
                "label": request.env._("Payable until"),
                "order": "expires_at, id desc",
            },
            "amount": {
                "label": request.env._("Amount"),
                "order": "amount desc, id desc",
            },
            "reference": {"label": request.env._("Reference"), "order": "reference"},
        }

    def _get_payment_link_filters(self):
        """Return how the list can be filtered: label and domain by key.

        :rtype: dict
        """
        is_open = self._get_portal_links()._get_portal_open_domain()
        return {
            "all": {"label": request.env._("All"), "domain": Domain.TRUE},
            "open": {"label": request.env._("To pay"), "domain": is_open},
            "paid": {
                "label": request.env._("Paid"),
                "domain": Domain("state", "=", "completed"),
            },
        }
