import hashlib
import hmac
import re
import secrets
import time
from urllib.parse import urlencode

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..const import MAX_REQUEST_SECONDS


class ResCompany(models.Model):
    """Links that whoever follows an address makes for themselves."""

    _inherit = "res.company"

    payment_link_request_enabled = fields.Boolean(
        string="Creation Link",
        help="Whoever opens /payment-request?amount=250.00&referenceId=QUOTE-123 gets a"
        " payment link for it.",
    )
    payment_link_request_signed = fields.Boolean(
        string="Only Signed Creation Links",
        help="Only addresses that were signed with the secret make payment links.",
    )
    payment_link_request_secret = fields.Char(
        string="Creation Link Secret",
        compute="_compute_payment_link_request_secret",
        store=True,
        copy=False,
        groups="payment_link_onetime.group_payment_link_manager",
    )
    payment_link_request_host = fields.Char(
        string="Creation Link Host",
        help="Creation links of the company have this host, for example"
        " pay.example.com. Empty: they name the company.",
    )

    payment_link_request_example = fields.Char(
        string="Example of a Creation Link",
        compute="_compute_payment_link_request_example",
        groups="payment_link_onetime.group_payment_link_manager",
    )

    _payment_link_request_host_unique = models.UniqueIndex(
        "(payment_link_request_host) WHERE payment_link_request_host IS NOT NULL",
        "Another company has creation links on this host.",
    )

    # === COMPUTE METHODS === #

    @api.depends("payment_link_request_signed")
    def _compute_payment_link_request_secret(self):
        # What asks for a signature has something to sign with, and keeps it when it asks
        # for none for a while.
        for company in self:
            secret = company.payment_link_request_secret
            if company.payment_link_request_signed and not secret:
                secret = secrets.token_urlsafe(32)
            company.payment_link_request_secret = secret

    @api.depends(
        "payment_link_request_host",
        "payment_link_request_secret",
        "payment_link_request_signed",
    )
    def _compute_payment_link_request_example(self):
        for company in self:
            parameters = {"amount": "250.00", "referenceId": "QUOTE-123"}
            host = company.payment_link_request_host
            base_url = f"https://{host}" if host else company.get_base_url()
            if not host:
                parameters["company"] = company.id
            if company.payment_link_request_secret:
                parameters["signature"] = company._sign_payment_link_request(
                    "250.00", "QUOTE-123"
                )
            company.payment_link_request_example = (
                f"{base_url}/payment-request?{urlencode(parameters)}"
            )

    # === CONSTRAINT METHODS === #

    @api.constrains("payment_link_request_host")
    def _check_payment_link_request_host(self):
        for company in self:
            host = company.payment_link_request_host
            if host and not re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)*", host):
                raise ValidationError(
                    self.env._(
                        "%(host)s is not the name of a host. Write it in small letters,"
                        " without https:// and without a path, for example"
                        " pay.example.com.",
                        host=host,
                    )
                )

    # === ACTION METHODS === #

    def action_renew_payment_link_request_secret(self):
        """Make a new secret: addresses that were signed with the old one end.

        :return: None
        :raises AccessError: for users who do not manage payment links.
        """
        self.ensure_one()
        self._check_payment_link_manager()
        # In sudo mode because managers of payment links may not write companies.
        self.sudo().payment_link_request_secret = secrets.token_urlsafe(32)

    # === BUSINESS METHODS === #

    def _check_payment_link_manager(self):
        """Refuse whoever does not manage payment links.

        :raises AccessError: for other users.
        """
        self.env["payment.link.threshold"].check_access("write")

    def _check_payment_link_signature(
        self, amount, reference, currency, expires, signed
    ):
        """Refuse an address that nobody signed who knows the secret, or an old one.

        What is signed are the texts of the address, as they are, one per line: amount,
        reference, currency and expiry, empty if they are left out. The signature is the
        HMAC-SHA256 of it, in hexadecimal digits.

        :param str amount: The amount.
        :param str reference: The reference.
        :param str currency: The currency's code, or nothing.
        :param str expires: Until when the address is good, in seconds since 1970, or
            nothing.
        :param str signed: The signature.
        :raises UserError: if it is not right.
        """
        self.ensure_one()
        if expires and not (
            re.fullmatch(r"[0-9]{1,12}", expires, re.ASCII)
            and time.time() <= int(expires) <= time.time() + MAX_REQUEST_SECONDS
        ):
            raise UserError(self.env._("This address is not good any more."))
        company_sudo = self.sudo()  # Guests are not told the secret.
        if not company_sudo.payment_link_request_signed and not signed:
            return
        expected = company_sudo._sign_payment_link_request(
            amount, reference, currency, expires
        )
        is_right = signed.isascii() and hmac.compare_digest(expected, signed.lower())
        if not is_right:
            raise UserError(
                self.env._("The signature of this address is missing or not right.")
            )

    # === GETTERS === #

    @api.model
    def _find_for_payment_link_request(self, host, company_id):
        """Return whose payment links an address makes.

        :param str host: The host of the address.
        :param str company_id: The id in it, or nothing.
        :return: The company in sudo, empty if there is none that lets guests do that.
        :rtype: res.company
        """
        companies_sudo = self.sudo()  # Guests see no companies.
        domain = [("payment_link_request_enabled", "=", True)]
        if company_id:
            is_id = re.fullmatch(r"[1-9][0-9]{0,8}", company_id, re.ASCII)
            return companies_sudo.search(
                [*domain, ("id", "=", int(company_id) if is_id else 0)]
            )
        by_host = companies_sudo.search(
            [*domain, ("payment_link_request_host", "=", host.lower())]
        )
        if by_host:
            return by_host
        companies_sudo = companies_sudo.search(domain, limit=2)
        return companies_sudo if len(companies_sudo) == 1 else self.browse()

    def _sign_payment_link_request(self, amount, reference, currency="", expires=""):
        """Return the signature of a creation link.

        :rtype: str
        :raises UserError: if the company has no secret yet.
        """
        self.ensure_one()
        secret = self.payment_link_request_secret
        if not secret:
            raise UserError(
                self.env._("This company has no secret to sign creation links with.")
            )
        text = "\n".join((amount, reference, currency, expires))
        return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
