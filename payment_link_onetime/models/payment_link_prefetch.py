from odoo import api, models

# What the page, the claim and the charge read. Odoo fetches a record with all of its
# columns at the first field that is missing: a hundred for a contact, and as many for
# a company.
LINK_FIELDS = (
    "activation_minutes",
    "amount",
    "amount_authorized",
    "amount_due",
    "amount_paid",
    "amount_pending",
    "amount_tax",
    "amount_total",
    "amount_untaxed",
    "charge_count",
    "claimed_by",
    "claimed_until",
    "code",
    "company_id",
    "completed_at",
    "currency_id",
    "description",
    "expires_at",
    "first_opened_at",
    "max_payments",
    "partner_id",
    "reference",
    "replaced_by_id",
    "revision",
    "sale_order_id",
    "state",
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
    "phone",
)
PARTNER_FIELDS = ("commercial_partner_id", "company_id", "country_id", "lang", "tz")
USER_FIELDS = ("company_id", "share")
CURRENCY_FIELDS = ("decimal_places", "name", "position", "rounding", "symbol")


class PaymentLink(models.Model):
    """How a payer's request gets by with few and narrow queries.

    It only fills the cache: nothing that it leaves out is missed, only read later.
    """

    _inherit = "payment.link"

    @api.model
    def _search_for_payer(self, domain):
        """Search links, and read with them what a payer's request will need.

        :param list domain: The domain.
        :return: The links, in the order and with the rights of `self`.
        :rtype: payment.link
        """
        self.env.user.fetch(USER_FIELDS)
        links = self.search_fetch(domain, LINK_FIELDS, limit=1)
        for link in links:
            company = link.company_id
            company.fetch(COMPANY_FIELDS)
            partners = link._get_charge_partner() | company.partner_id
            partners.fetch(PARTNER_FIELDS)
            link.currency_id.fetch(CURRENCY_FIELDS)
            if document := link._get_document():
                document.fetch(document._payment_link_due_fields)
        return links
