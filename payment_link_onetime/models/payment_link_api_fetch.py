from odoo import api, models, tools

from ..fetch import TreeQuery
from .payment_link_prefetch import LINK_FIELDS

# What the API shows of a link, beside what its page does.
_SHOWN_FIELDS = (
    "amount_net",
    "amount_refunded",
    "create_date",
    "deleted_at",
    "descriptor",
    "metadata",
    "paid_late",
    "payment_status",
    "write_date",
)
_LINE_FIELDS = (
    "amount_tax",
    "amount_total",
    "amount_untaxed",
    "description",
    "link_id",
    "name",
    "quantity",
    "value",
    "value_type",
)

# What stands for the links in a query that is kept. No record has such an id.
_IDS = (-1,)


class PaymentLink(models.Model):
    """How the API shows links by few and narrow queries."""

    _inherit = "payment.link"

    def _api_fetch(self):
        """Read what the API shows of the links, and of what they point to, at once.

        Who sees a link sees that much of its customer and its documents, too. It only
        fills the cache, as :meth:`_search_for_payer`.

        :raises AccessError: if the user does not see all of the links.
        """
        if self:
            links_sudo = self.sudo()
            links_sudo._api_get_query().fetch(links_sudo, {_IDS: self._ids})
            # Few links have these, and all would wait for PostgreSQL to plan for them.
            links_sudo.replaced_by_id.fetch(("code",))
            for field_name in self._get_document_fields():
                documents_sudo = links_sudo[field_name]
                documents_sudo.fetch((documents_sudo._rec_name,))
            # Only now: it takes what is in the cache.
            self.check_access("read")

    @api.model
    @tools.ormcache()
    def _api_get_query(self):
        """Return the query that reads what the API shows of links.

        :rtype: TreeQuery
        """
        tree = dict.fromkeys((*LINK_FIELDS, *_SHOWN_FIELDS))
        tree["company_id"] = {
            **dict.fromkeys(("payment_link_landing", "payment_link_landing_url")),
            "partner_id": dict.fromkeys(("tz",)),
        }
        tree["currency_id"] = dict.fromkeys(("decimal_places", "name"))
        tree["line_ids"] = dict.fromkeys(_LINE_FIELDS)
        tree["partner_id"] = dict.fromkeys(("email", "name", "ref"))
        tree.update(dict.fromkeys(self._get_document_fields()))
        domain = [("id", "in", list(_IDS))]
        return TreeQuery(self.sudo(), domain, tree)
