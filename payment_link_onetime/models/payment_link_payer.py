from odoo import api, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import email_normalize

from ..const import MAX_PAYER_EMAIL, MAX_PAYER_NAME


class PaymentLink(models.Model):
    """Who pays, for whom, and which saved payment methods are theirs.

    Whoever pays: the books stay with the link's customer.
    """

    _inherit = "payment.link"

    # === CONSTRAINT METHODS === #

    @api.constrains("company_id", "partner_id", "save_payment_method")
    def _check_save_payment_method(self):
        for link in self.filtered("save_payment_method"):
            if not link._has_customer():
                raise ValidationError(
                    self.env._(
                        "A payment method is saved for a customer, and this payment"
                        " link has none."
                    )
                )

    # === BUSINESS METHODS === #

    def _record_transaction(self, transaction):  # pylint: disable=missing-return
        """Override to write down who paid, where somebody said so."""
        super()._record_transaction(transaction)
        charge = transaction.source_transaction_id or transaction
        payer = charge._get_payer_text()
        if payer and transaction._get_payment_link_event_type() == "paid":
            self._log_note(lambda env: env._("Paid by %(payer)s.", payer=payer))

    def _prepare_payer_values(self, payer_name=None, payer_email=None):
        """Return what is kept with a charge about the person who pays.

        Of a user who is signed in, that is who they are, whatever the page sends.

        :param str payer_name: What a guest says about herself, at most 150 characters.
        :param str payer_email: Her e-mail address, at most 100 characters.
        :return: The values for `payment.transaction`.
        :rtype: dict
        :raises UserError: for a name or an address that cannot be one.
        """
        user = self.env.user
        if not user._is_public():
            return {"payer_name": user.name, "payer_email": user.email}
        values = {}
        if payer_name:
            values["payer_name"] = self._check_payer_name(payer_name)
        if payer_email:
            values["payer_email"] = self._check_payer_email(payer_email)
        return {key: value for key, value in values.items() if value}

    @api.model
    def _check_payer_name(self, name):
        """Return a name that a guest typed in, without idle blanks.

        :raises UserError: if it is too long, or no text.
        """
        text = " ".join(name.split()) if isinstance(name, str) else "\0"
        if len(text) > MAX_PAYER_NAME or not text.isprintable():
            raise UserError(
                self.env._(
                    "Please give your name in at most %(maximum)s characters.",
                    maximum=MAX_PAYER_NAME,
                )
            )
        return text

    @api.model
    def _check_payer_email(self, email):
        """Return an e-mail address that a guest typed in, as Odoo writes addresses.

        :raises UserError: if it is too long, or not one address.
        """
        text = email.strip() if isinstance(email, str) else "\0"
        if not text:
            return False
        if (
            len(text) > MAX_PAYER_EMAIL
            or not text.isprintable()
            or not (normalized := email_normalize(text))
        ):
            raise UserError(
                self.env._(
                    "Please check your e-mail address. It has at most %(maximum)s"
                    " characters.",
                    maximum=MAX_PAYER_EMAIL,
                )
            )
        return normalized

    # === GETTERS === #

    def _has_customer(self):
        """Return whether the link's payer is known, and not just any guest.

        :rtype: bool
        """
        self.ensure_one()
        guest = self.company_id._get_payment_link_guest_partner()
        partner_sudo = self.partner_id.sudo()  # Its users say whether it is public.
        return bool(
            partner_sudo and partner_sudo != guest and not partner_sudo.is_public
        )

    def _is_customer_signed_in(self):
        """Return whether the visitor is signed in as the link's own customer.

        :rtype: bool
        """
        self.ensure_one()
        user = self.env.user
        return not user._is_public() and user.partner_id == self.partner_id

    def _can_save_payment_method(self, payer_values=None):
        """Return whether this payer may save a payment method for the customer.

        What is saved can be charged by the customer from then on: so it is not offered
        to a colleague, and not to a guest who says that she is somebody else.

        :param dict payer_values: What a guest said, see :meth:`_prepare_payer_values`.
        :rtype: bool
        """
        self.ensure_one()
        if not self.save_payment_method:
            return False
        if self.env.user._is_public():
            return not payer_values
        return self._is_customer_signed_in()

    def _get_saved_payment_methods(self, providers_sudo):
        """Return the saved payment methods with which this visitor may pay the link.

        They are the link's customer's own, and nobody else is offered them.

        :param payment.provider providers_sudo: The providers that can be used.
        :return: The tokens, in sudo for the settings of their providers.
        :rtype: payment.token
        """
        self.ensure_one()
        if not self._is_customer_signed_in():
            return self.env["payment.token"].sudo()
        return self._get_customer_payment_methods(providers_sudo)

    def _get_customer_payment_methods(self, providers_sudo):
        """Return the saved payment methods of the link's customer that suit the link.

        :param payment.provider providers_sudo: The providers that can be used.
        :return: The tokens, in sudo for the settings of their providers. None for a
            guest: those of the guest contact are nobody's.
        :rtype: payment.token
        """
        self.ensure_one()
        tokens_sudo = self.env["payment.token"].sudo()
        if not self._has_customer():
            return tokens_sudo
        tokens_sudo = tokens_sudo._get_available_tokens(
            providers_sudo.ids, self.partner_id.id
        )
        if allowed_sudo := self.sudo().payment_method_ids:
            tokens_sudo = tokens_sudo.filtered(
                lambda token: (
                    token.payment_method_id in allowed_sudo
                    or token.payment_method_id.primary_payment_method_id in allowed_sudo
                )
            )
        return tokens_sudo
