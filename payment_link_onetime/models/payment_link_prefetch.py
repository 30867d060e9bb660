from odoo import api, models, tools

from ..fetch import TreeQuery, fetch_tree

# What the page, the claim and the charge read. Odoo fetches a record with all of its
# columns at the first field that is missing: a hundred for a contact, and as many for
# a company.
LINK_FIELDS = (
    "activation_minutes",
    "allow_partial",
    "amount",
    "amount_authorized",
    "amount_due",
    "amount_paid",
    "amount_pending",
    "amount_surplus",
    "amount_tax",
    "amount_total",
    "amount_untaxed",
    "charge_count",
    "claimed_by",
    "claimed_until",
    "close_reason",
    "code",
    "company_id",
    "completed_at",
    "currency_id",
    "description",
    "descriptor",
    "document_amount",
    "expires_at",
    "max_payments",
    "minimum_percent",
    "partner_id",
    "redirect_url",
    "reference",
    "replaced_by_id",
    "replaces_id",
    "save_payment_method",
    "state",
    "user_id",
    "access_token",
)
COMPANY_FIELDS = (
    "currency_id",
    "email",
    "email_secondary_color",
    "name",
    "parent_path",
    "partner_id",
    "payment_link_claim_minutes",
    "payment_link_guest_partner_id",
    "payment_link_redirect_hosts",
    "phone",
)
# What only the page shows of the company. The text is in all languages: which one the
# page speaks is known when the link is read.
PAGE_COMPANY_FIELDS = (
    "payment_link_color",
    "payment_link_landing",
    "payment_link_landing_view_id",
    "payment_link_text",
    "uses_default_logo",
)
# What only a provider's answer needs: notes and receipts.
ANSWER_COMPANY_FIELDS = ("alias_domain_id", "payment_link_receipt")
PARTNER_FIELDS = ("commercial_partner_id", "company_id", "country_id", "lang", "tz")
CONTACT_FIELDS = ("email", "name", "phone")
USER_FIELDS = ("company_id", "partner_id", "share")
LINE_FIELDS = (
    "amount_untaxed",
    "description",
    "name",
    "quantity",
    "value",
    "value_type",
)
CURRENCY_FIELDS = ("decimal_places", "name", "position", "rounding", "symbol")

# What stands for the secret in a query that is kept. No token has such characters.
_TOKEN = "<access_token>"


class PaymentLink(models.Model):
    """How a payer's request gets by with few and narrow queries.

    It only fills the cache: nothing that it leaves out is missed, only read later.
    """

    _inherit = "payment.link"

    @api.model
    def _search_for_payer(self, access_token):
        """Search a link, and read with it what a payer's request will need.

        :param str access_token: The secret part of the link's URL.
        :return: The link, with the rights of `self`.
        :rtype: payment.link
        """
        self._fetch_user()
        query = self._get_payer_query()
        links = query.fetch(
            self.with_context(prefetch_langs=True), {_TOKEN: access_token}
        )
        links = self.browse(links.ids)
        for link in links:
            link._get_charge_partner().fetch(PARTNER_FIELDS)
            if document := link._get_document():
                document.fetch(document._payment_link_due_fields)
        return links

    @api.model
    def _fetch_user(self):
        """Read what a request needs of its user. Guests are all one, and never change."""
        user = self.env.user
        if user._is_public():
            for name, value in self._get_public_user_values().items():
                user._fields[name]._insert_cache(user, [value])
        user.fetch(USER_FIELDS)

    @api.model
    @tools.ormcache("self.env.uid")
    def _get_public_user_values(self):
        """Return what `_fetch_user` reads, as the record cache has it.

        Odoo clears this cache when a user's company, groups or state change.

        :rtype: dict
        """
        user = self.env.user
        user.fetch(USER_FIELDS)
        return {
            name: user._fields[name].convert_to_cache(user[name], user)
            for name in USER_FIELDS
        }

    @api.model
    @tools.ormcache("self.env.lang")
    def _get_payer_query(self):
        """Return the query that reads what a payer's request needs.

        :rtype: TreeQuery
        """
        domain = [("access_token", "=", _TOKEN)]
        links_sudo = self.sudo().with_context(prefetch_langs=True)
        return TreeQuery(links_sudo, domain, self._get_payer_tree(), limit=1)

    def _fetch_for_provider(self):
        """Read what it takes to write down a provider's answer."""
        self._fetch_user()
        company = {
            **dict.fromkeys((*COMPANY_FIELDS, *ANSWER_COMPANY_FIELDS)),
            "partner_id": dict.fromkeys(PARTNER_FIELDS),
        }
        tree = {
            **dict.fromkeys((*LINK_FIELDS, "payment_status")),
            "company_id": company,
            "currency_id": dict.fromkeys(CURRENCY_FIELDS),
        }
        fetch_tree(self.browse(), [("id", "in", self.ids)], tree)

    @api.model
    def _get_payer_tree(self):
        """Return what a payer's request reads, as :func:`fetch_tree` takes it.

        :rtype: dict
        """
        partner = dict.fromkeys(PARTNER_FIELDS)
        tree = dict.fromkeys((*LINK_FIELDS, "provider_ids", "payment_method_ids"))
        tree["company_id"] = {
            **dict.fromkeys((*COMPANY_FIELDS, *PAGE_COMPANY_FIELDS)),
            "partner_id": partner,
        }
        tree["currency_id"] = dict.fromkeys(CURRENCY_FIELDS)
        tree["line_ids"] = dict.fromkeys(LINE_FIELDS)
        tree["partner_id"] = partner
        tree["user_id"] = {
            **dict.fromkeys(("active", "share")),
            "partner_id": dict.fromkeys(CONTACT_FIELDS),
        }
        for field_name in self._get_document_fields():
            field = self._fields[field_name]
            due_fields = self.env[field.comodel_name]._payment_link_due_fields
            is_one = field.type == "many2one"
            tree[field_name] = dict.fromkeys(due_fields) if is_one else None
        return tree
