from odoo import api, models, tools

from ..fetch import fetch_tree

# What Odoo reads of providers and methods to offer them on a page: settings that change
# a few times in a year, in a dozen queries.
PROVIDER_FIELDS = (
    "allow_express_checkout",
    "allow_tokenization",
    "available_country_ids",
    "available_currency_ids",
    "code",
    "company_id",
    "inline_form_view_id",
    "is_published",
    "maximum_amount",
    "module_id",
    "name",
    "payment_method_ids",
    "pre_msg",
    "sequence",
    "state",
)
METHOD_FIELDS = (
    "active",
    "brand_ids",
    "code",
    "is_primary",
    "name",
    "primary_payment_method_id",
    "provider_ids",
    "sequence",
    "support_tokenization",
    "supported_country_ids",
    "supported_currency_ids",
    "write_date",
)
# Of these, what decides on a charge.
CHARGE_PROVIDER_FIELDS = (
    "allow_tokenization",
    "available_country_ids",
    "available_currency_ids",
    "code",
    "company_id",
    "is_published",
    "maximum_amount",
    "state",
)
CHARGE_METHOD_FIELDS = (
    "active",
    "code",
    "primary_payment_method_id",
    "provider_ids",
    "support_tokenization",
    "supported_country_ids",
    "supported_currency_ids",
)
VIEW_FIELDS = ("xml_id",)


class PaymentProvider(models.Model):
    _name = "payment.provider"
    _inherit = ["payment.provider", "payment.link.remembered.mixin"]

    # === BUSINESS METHODS === #

    @api.model
    def _recall_settings(self, company):
        """Put the settings of a company's providers and methods into the record cache.

        Odoo's own methods, and what other modules add to them, then decide which are
        offered, as ever, on what they would have read. For pages only: a charge is
        decided on what is stored.

        :param res.company company: The company.
        """
        settings = self._get_remembered_settings(company.id, self.env.lang)
        for model_name, record_ids, columns in settings:
            records = self.env[model_name].browse(record_ids)
            for field_name, values in columns.items():
                records._fields[field_name]._insert_cache(records, values)

    @api.model
    def _fetch_settings(self, company):
        """Read what decides on a charge, as it is stored now, in two queries.

        :param res.company company: The company.
        """
        domain = [
            *self._check_company_domain(company.id),
            ("state", "in", ("enabled", "test")),
        ]
        fetch_tree(self.sudo(), domain, dict.fromkeys(CHARGE_PROVIDER_FIELDS))
        methods_sudo = self.env["payment.method"].sudo()
        fetch_tree(methods_sudo, [], dict.fromkeys(CHARGE_METHOD_FIELDS))

    @api.model
    @tools.ormcache("company_id", "lang")
    def _get_remembered_settings(self, company_id, lang):
        """Return the settings of a company's active providers and of all methods.

        :param int company_id: The id of the company.
        :param str lang: The language in which translated settings are.
        :return: A list of model, ids, and values by field, as the record cache has them.
        :rtype: list[tuple]
        """
        providers_sudo = self.sudo().search(
            [
                *self._check_company_domain(company_id),
                ("state", "in", ("enabled", "test")),
            ]
        )
        methods_sudo = self.env["payment.method"].sudo().search([])
        result = []
        for records, field_names in (
            (providers_sudo, PROVIDER_FIELDS),
            (methods_sudo, METHOD_FIELDS),
            (providers_sudo.inline_form_view_id, VIEW_FIELDS),
        ):
            columns = {}
            for field_name in field_names:
                field = records._fields[field_name]
                columns[field_name] = [
                    field.convert_to_cache(record[field_name], record)
                    for record in records
                ]
            result.append((records._name, records.ids, columns))
        return result
