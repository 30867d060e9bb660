import phonenumbers

from odoo import fields, models
from odoo.exceptions import UserError

from ..tools import count_sms_parts


class PaymentLink(models.Model):
    """How a link goes out by SMS."""

    _inherit = "payment.link"

    phone = fields.Char(
        string="Phone for SMS",
        copy=False,
        help="Where the link goes by SMS. Empty: the customer's phone.",
    )

    # === BUSINESS METHODS === #

    def _send_by_sms(self, message=None):
        """Queue an SMS with the link. It leaves once the transaction is committed.

        :param str message: Some personal words, as plain text.
        :raises UserError: if the link takes no money any more, or if there is no phone
            number, none that can be one, or one that wants no SMS.
        """
        self.ensure_one()
        number = self._check_channel("sms")
        partner = self.partner_id
        recipients = {"sms_numbers": [number]}
        if partner:
            recipients = {
                "partner_ids": partner.ids,
                "sms_pid_to_number": {partner.id: number},
            }
        self._message_sms(
            self._render_sms(message=message), put_in_queue=True, **recipients
        )
        self._on_sent(number, "sms")

    def _preview_by_sms(self, message=None):
        """Return the SMS as its reader will see it.

        :param str message: Some personal words, which come first.
        :return: The `text`, and a `note` on how many SMS it takes.
        :rtype: dict
        """
        text = self._render_sms(message=message)
        note = self.env._(
            "%(characters)s characters, sent as %(parts)s SMS",
            characters=len(text),
            parts=count_sms_parts(text),
        )
        return {"text": text, "note": note}

    def _render_sms(self, message=None, channel="sms"):
        """Return the short text that goes out with the link's address.

        :param str message: Some personal words, which come first.
        :param str channel: Which way the address tells of.
        :return: The text, in the customer's language.
        :rtype: str
        """
        self.ensure_one()
        template = self.env.ref("payment_link_onetime.sms_template_payment_link")
        text = template.with_context(payment_link_channel=channel)._render_field(
            "body", list(self._ids), compute_lang=True
        )[self.id]
        if message := (message or "").strip():
            text = f"{message}\n{text}"
        # Amounts are written with blanks that don't break. One of them, and an SMS
        # holds 70 characters, not 160.
        return text.replace("\N{NO-BREAK SPACE}", " ").replace(
            "\N{NARROW NO-BREAK SPACE}", " "
        )

    def _check_by_sms(self):
        """Return the number that an SMS with the link goes to, or refuse.

        :return: The number in E.164, such as `+32470123456`.
        :rtype: str
        :raises UserError: if there is none, if it cannot be one, or if it wants no SMS.
        """
        self.ensure_one()
        partner = self.partner_id
        number = self._get_phone()
        if not number and partner:
            raise UserError(
                self.env._(
                    "%(customer)s has no phone number. Write one into the dialog or on"
                    " the contact, or send the link another way.",
                    customer=partner.display_name,
                )
            )
        if not number:
            raise UserError(
                self.env._("Write the phone number that the SMS is to be sent to.")
            )
        country = self._get_phone_country()
        try:
            formatted = self._phone_format(
                number=number, country=country, raise_exception=True
            )
        except UserError as error:
            raise UserError(
                self.env._(
                    "No SMS can be sent. %(reason)s Write the number with its country"
                    " code, such as %(example)s.",
                    reason=error,
                    example=self._get_phone_example(country),
                )
            ) from error
        # Who has said no to SMS may be found by all who send some.
        if (
            self.env["phone.blacklist"]
            .sudo()
            .search_count([("number", "=", formatted)], limit=1)
        ):
            raise UserError(
                self.env._(
                    "%(number)s is on the blacklist: its owner wants no SMS. Send the"
                    " link another way.",
                    number=formatted,
                )
            )
        return formatted

    # === GETTERS === #

    def _get_phone(self):
        """Return the number that the link goes to by SMS, as somebody typed it.

        :rtype: str
        """
        self.ensure_one()
        partner = self.partner_id
        fnames = partner._phone_get_number_fields()
        numbers = (self.phone, *(partner[fname] for fname in fnames))
        return next((number for number in numbers if number), "")

    def _get_phone_country(self):
        """Return where a number without a country code is from.

        :rtype: res.country
        """
        self.ensure_one()
        return self.partner_id.country_id or self.company_id.country_id

    def _get_phone_example(self, country):
        """Return a number as it is to be written.

        :param res.country country: Where it is from, perhaps empty.
        :rtype: str
        """
        example = phonenumbers.example_number_for_type(
            country.code or "US", phonenumbers.PhoneNumberType.MOBILE
        ) or phonenumbers.example_number("US")
        return phonenumbers.format_number(
            example, phonenumbers.PhoneNumberFormat.INTERNATIONAL
        )

    def _prepare_replacement_values(self):
        """Override to send the new link where the old one was sent."""
        return {**super()._prepare_replacement_values(), "phone": self.phone}
