import math
import secrets
import unicodedata
from datetime import date, datetime

from psycopg2.errors import UniqueViolation

from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import mute_logger

from ..const import (
    ACCESS_TOKEN_BYTES,
    CODE_ALPHABET,
    CODE_LENGTH,
    GENERATED_FIELDS,
    RECORDED_FIELDS,
)
from ..tools import is_finite_number


class PaymentLink(models.Model):
    """How a link comes about: what a caller asks for, completed and checked."""

    _inherit = "payment.link"

    # === CONSTRAINT METHODS === #

    @api.constrains("reference")
    def _check_reference(self):
        """No mail goes out with a subject of several lines."""
        for link in self:
            if len(link.reference.splitlines()) > 1:
                raise ValidationError(
                    self.env._(
                        "The reference %(reference)s has several lines. Write it in"
                        " one.",
                        reference=link.reference,
                    )
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        prepared = [self._complete_create_values(dict(vals)) for vals in vals_list]
        links = super().create(prepared)
        links._record_event("created")
        return links

    # === BUSINESS METHODS === #

    @api.model
    def find_or_create(self, reference, values):
        """Return the link that has a reference, or create it.

        Who asks first decides what is asked for: of whoever comes later, the values do
        not count. Paid and cancelled links keep their reference. Of a link that was
        replaced, the new one has it.

        :param str reference: What the caller calls the payment, unique in a company.
        :param dict values: What to create, as for `create`, if there is no such link.
            Its `company_id` is the company; left out, the document's or the current one.
        :return: The link.
        :rtype: payment.link
        :raises ValidationError: for a reference that is missing or blank, and for what
            cannot be asked for.
        :raises AccessError: if the link is none that the user may see.
        :raises ConcurrencyError: if somebody else creates it at this moment. Odoo runs
            the request again, which then finds it.
        """
        is_text = isinstance(reference, str)
        reference = self._normalize_reference(reference) if is_text else ""
        if not reference:
            raise ValidationError(
                self.env._("A reference is needed, such as an order number.")
            )
        company = self.env["res.company"].browse(values.get("company_id"))
        document = self._get_document_from_values(values)
        company = company or document and document.company_id or self.env.company
        # Other users' links hold references as well.
        link_sudo = self.sudo().search(
            [
                ("company_id", "=", company.id),
                ("reference", "=", reference),
                ("replaced_by_id", "=", False),
            ]
        )
        if link_sudo:
            link = self.browse(link_sudo.id)
            link.check_access("read")
            return link
        return self._create_or_look_again(
            {**values, "company_id": company.id, "reference": reference}
        )

    @api.model
    def _create_or_look_again(self, values):
        """Create a link with a reference that no other link has, as far as one sees.

        :param dict values: As for `create`.
        :rtype: payment.link
        :raises ConcurrencyError: if somebody else took the reference at this moment.
            Odoo runs the request again, which then sees that link.
        """
        try:
            with mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                return self.create(values)
        except UniqueViolation as error:
            if error.diag.constraint_name != self._reference_unique.full_name(self):
                raise
            raise ConcurrencyError(values["reference"]) from error

    @api.model
    def _complete_create_values(self, vals):
        """Complete what a caller asks for with what the document says.

        :param dict vals: The caller's values. They win over the document's, within
            what the constraints allow.
        :return: The values for `create`.
        :rtype: dict
        :raises UserError: for values that only the system may set.
        :raises ValidationError: for an amount that cannot be asked.
        """
        if refused := (GENERATED_FIELDS | RECORDED_FIELDS).intersection(vals):
            raise UserError(
                self.env._(
                    "These fields of a payment link are set by the system: %(fields)s.",
                    fields=self._get_field_labels(refused),
                )
            )
        document = self._get_document_from_values(vals)
        if document:
            document.check_access("read")
            document._payment_link_lock()
            document._payment_link_check()
            vals = {**document._payment_link_prepare_values(), **vals}
        company = self.env["res.company"].browse(vals.get("company_id"))
        company = company or self.env.company
        vals["company_id"] = company.id
        vals["currency_id"] = vals.get("currency_id") or company.currency_id.id
        currency = self.env["res.currency"].browse(vals["currency_id"])
        vals.update(self._prepare_lines(vals, currency, document))
        vals["amount"] = self._check_asked_amount(
            vals.get("amount"),
            currency,
            document,
        )
        vals.update(self._prepare_totals(vals, currency, document))
        vals.setdefault("expires_at", company._get_payment_link_expiry())
        vals["expires_at"] = self._complete_expiry(vals["expires_at"], company)
        expires_at = fields.Datetime.to_datetime(vals["expires_at"])
        if expires_at and expires_at <= fields.Datetime.now():
            raise ValidationError(
                self.env._("The expiry of a payment link must be in the future.")
            )
        vals["code"] = self._generate_code()
        vals["access_token"] = secrets.token_urlsafe(ACCESS_TOKEN_BYTES)
        vals["reference"] = self._prepare_reference(
            company,
            self._normalize_reference(vals.get("reference") or ""),
            document,
            vals["code"],
        )
        # A salesperson's own cookies say nothing about how this customer was won.
        for _parameter, field_name, _cookie in self.env["utm.mixin"].tracking_fields():
            vals.setdefault(field_name, False)
        return vals

    @api.model
    def _complete_expiry(self, expires_at, company):
        """Return the moment at which a link expires: a day's end, if a day is given.

        :param expires_at: A moment in UTC or a day, as an object or a text of Odoo's.
        :param res.company company: Where the day ends.
        :rtype: datetime|str|bool
        """
        if isinstance(expires_at, str) and len(expires_at) == len("2026-12-31"):
            try:
                expires_at = fields.Date.to_date(expires_at)
            except ValueError:
                raise ValidationError(
                    self.env._(
                        "%(expiry)s is no date. Write it as YYYY-MM-DD.",
                        expiry=expires_at,
                    )
                ) from None
        if isinstance(expires_at, date) and not isinstance(expires_at, datetime):
            return company._get_payment_link_end_of_day(expires_at)
        return expires_at

    @api.model
    def _check_asked_amount(self, amount, currency, document):
        """Return the amount to ask for, or refuse it.

        :param float amount: What the caller asks for, in `currency`; `None` for all
            that the document still owes.
        :param res.currency currency: The link's currency.
        :param document: The document that the link is for, perhaps empty.
        :return: The amount, rounded to the currency.
        :rtype: float
        :raises ValidationError: if it is no number, not above zero, finer than the
            currency, or more than the document owes beside its other open links.
        """
        available = document._payment_link_get_available_amount() if document else None
        if amount is None and document:
            amount = available
            if currency.is_zero(available):
                raise ValidationError(
                    self.env._(
                        "There is nothing to ask for on %(document)s: it is paid, or"
                        " its open payment links ask for all of it already.",
                        document=document._payment_link_get_title(),
                    )
                )
        if not is_finite_number(amount):
            raise ValidationError(
                self.env._("The amount of a payment link must be a number.")
            )
        rounded = currency.round(amount)
        if not math.isclose(rounded, amount, rel_tol=1e-12, abs_tol=1e-9):
            raise ValidationError(
                self.env._(
                    "%(amount)s has more decimals than %(currency)s knows.",
                    amount=amount,
                    currency=currency.name,
                )
            )
        if document and currency.compare_amounts(rounded, available) > 0:
            raise ValidationError(
                self.env._(
                    "%(document)s owes %(available)s beside what its open payment"
                    " links ask for already: a link for %(amount)s would ask too much.",
                    document=document._payment_link_get_title(),
                    available=currency.format(available),
                    amount=currency.format(rounded),
                )
            )
        if currency.compare_amounts(rounded, 0.0) <= 0:
            raise ValidationError(
                self.env._("The amount of a payment link must be above zero.")
            )
        return rounded

    @api.model
    def _generate_code(self):
        """Return a public code that no link has yet.

        :rtype: str
        """
        while True:
            code = "".join(secrets.choice(CODE_ALPHABET) for _i in range(CODE_LENGTH))
            if not self.sudo().search_count([("code", "=", code)], limit=1):
                return code

    @api.model
    def _prepare_reference(self, company, reference, document, code):
        """Return the link's reference: the caller's, or the document's, or the code.

        :param res.company company: The company among whose links it must be unique.
        :param str reference: What the caller wants, taken as it is.
        :param document: The document that the link is for, perhaps empty.
        :param str code: The link's code.
        :rtype: str
        """
        if reference or not document:
            return reference or code
        base = document._payment_link_get_title()
        links_sudo = self.sudo()  # Other users' links hold references as well.
        domain = Domain("company_id", "=", company.id) & Domain(
            "replaced_by_id", "=", False
        )
        # Most documents have one link. To look for all that begin alike takes the
        # longer, the more links there are.
        if not links_sudo.search_count(
            domain & Domain("reference", "=", base), limit=1
        ):
            return base
        taken = set(
            links_sudo.search(domain & Domain("reference", "=like", f"{base}%")).mapped(
                "reference"
            )
        )
        number = 1
        reference = base
        while reference in taken:
            number += 1
            reference = f"{base}-{number}"
        return reference

    # === GETTERS === #

    @api.model
    def _normalize_reference(self, reference):
        """Return a reference as it is stored: two that look alike are the same one.

        :param str reference: The reference, as a caller wrote it.
        :rtype: str
        """
        return unicodedata.normalize("NFC", reference).strip()

    @api.model
    def _get_document_from_values(self, vals):
        """Return the document that values for `create` are about, as `_get_document`.

        :param dict vals: The caller's values.
        """
        for field_name in self._get_document_fields():
            if value := vals.get(field_name):
                field = self._fields[field_name]
                return self.env[field.comodel_name].browse(
                    field.convert_to_cache(value, self)
                )
        return None
