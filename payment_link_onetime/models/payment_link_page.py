from odoo import fields, models
from odoo.tools import format_amount, format_date, format_time, is_html_empty
from odoo.tools.misc import formatLang

from ..const import MONEY_STATES
from ..tools import readable_on

# What Unicode has for a piece of text that runs in a direction of its own.
LEFT_TO_RIGHT_ISOLATE = "\N{LEFT-TO-RIGHT ISOLATE}"
POP_ISOLATE = "\N{POP DIRECTIONAL ISOLATE}"


class PaymentLink(models.Model):
    """What a visitor of the link's page sees."""

    _inherit = "payment.link"

    # === GETTERS === #

    def _get_page_state(self, payer_key=None):
        """Return what the link can do for a visitor at this moment.

        Read from what is stored, so that it holds before any job has run.

        :param str payer_key: What identifies the visitor's browser.
        :return: `completed` (paid, or settled elsewhere), `processing` (money is on
            its way), `cancelled`, `superseded` (the document owes another amount now),
            `expired`, `paused` (the document is being worked on), `busy` (somebody else
            is paying) or `open`.
        :rtype: str
        """
        self.ensure_one()
        if self.state == "completed":
            return "completed"
        in_flight = self.amount_pending + self.amount_authorized
        if in_flight and self.currency_id.is_zero(self._get_amount_to_pay()):
            return "processing"
        if self.state != "open":
            return {
                "settled_elsewhere": "completed",
                "superseded": "superseded",
            }.get(self.close_reason, self.state)
        if self._is_expired():
            return "expired"
        if self.replaces_id and self.currency_id.is_zero(self._get_amount_to_pay()):
            return "processing"  # Through the link that this one replaced.
        document = self._get_document()
        if document and (closed := document._payment_link_get_closed_state(self)):
            return closed
        return "busy" if self._is_claimed_by_other(payer_key) else "open"

    def _get_refusal(self, page_state):
        """Return why a link takes no payment, in the payer's language.

        :param str page_state: A value of :meth:`_get_page_state`.
        :rtype: str
        """
        if page_state == "cancelled" and self.replaced_by_id:
            return self.env._("This payment link was replaced by a new one.")
        return {
            "completed": self.env._("This payment has already been completed"),
            "processing": self.env._("Your payment is being processed."),
            "cancelled": self.env._("This payment link was cancelled."),
            "superseded": self.env._("The amount of this payment has changed."),
            "paused": self.env._(
                "This is being worked on and cannot be paid at the moment. Please come"
                " back later."
            ),
            "expired": self.env._("This payment link has expired."),
            "busy": self.env._(
                "Somebody is paying this right now. Please try again in a few minutes."
            ),
        }[page_state]

    def _get_page_lang(self):
        """Return the language of the page: the customer's, or the company's.

        :return: The code of an installed language.
        :rtype: str
        """
        self.ensure_one()
        codes = (self.partner_id.lang, self.company_id.partner_id.lang)
        installed = dict(self.env["res.lang"].get_installed())
        return next((code for code in codes if code in installed), "en_US")

    def _get_page_values(self, page_state, own_charge, is_returned=False):
        """Return what the page shows, ready to print in the language of the context.

        :param str page_state: A value of :meth:`_get_page_state`.
        :param payment.transaction own_charge: What this visitor started to pay last.
        :param bool is_returned: Whether the visitor comes back from a provider.
        :return: The values for the page's template.
        :rtype: dict
        """
        self.ensure_one()
        company = self.company_id
        in_flight = self.amount_pending + self.amount_authorized
        is_draft = own_charge.state == "draft"
        is_undecided = is_draft and own_charge.payment_link_request == "charge"
        accent = company._get_payment_link_color()
        lang = self.env["res.lang"]._get_data(code=self.env.lang)
        paid_on = self.completed_at or (
            own_charge.state == "done" and own_charge.last_state_change
        )
        return {
            "link": self,
            "company": company,
            "company_text": (
                not is_html_empty(company.payment_link_text)
                and company.payment_link_text
            ),
            "accent_color": accent,
            "on_accent_color": readable_on(accent),
            "landing_view": company._get_payment_link_landing_view().id,
            "html_data": {
                "lang": self.env.lang.replace("_", "-"),
                "dir": lang.direction,
            },
            "page_state": page_state,
            "own_charge": own_charge,
            "replacement": self._get_replacement(),
            "is_undecided": is_undecided,
            "is_waiting": (is_returned and page_state == "open" and is_draft)
            or (page_state in ("open", "busy") and is_undecided),
            "is_own_use": (
                page_state in ("open", "busy")
                and self.max_payments != 1
                and own_charge.state in MONEY_STATES
            ),
            "is_untouched": self.currency_id.is_zero(self.amount_paid + in_flight),
            "processing_message": (
                own_charge.state == "pending" and own_charge.provider_id.pending_msg
            ),
            "amount_text": self._format_amount(self._get_displayed_amount(page_state)),
            "expiry_text": self.expires_at and self._format_time(self.expires_at),
            "paid_text": paid_on and self._format_time(paid_on),
            "lines": [
                {
                    "name": line.name,
                    "note": line._get_page_note(),
                    "description": line.description,
                    "quantity": line.quantity != 1
                    and self._format_number(line.quantity),
                    "amount": self._format_amount(line.amount_untaxed),
                }
                for line in self.line_ids
            ],
            "totals": self._get_page_totals(page_state),
            **self._get_instalment_values(own_charge),
            **self._get_page_receipt_values(page_state, own_charge),
            "redirect_url": (
                page_state in ("completed", "processing") and self._get_redirect_url()
            ),
        }

    def _get_contact(self):
        """Return whom a visitor may ask: the salesperson, else the company.

        :rtype: res.partner|res.company
        """
        self.ensure_one()
        contact = self.user_id.partner_id
        is_employee = self.user_id.active and not self.user_id.share
        if is_employee and (contact.email or contact.phone):
            return contact
        return self.company_id

    def _get_displayed_amount(self, page_state):
        """Return the amount in the page's title.

        :param str page_state: A value of :meth:`_get_page_state`.
        :return: What is to be paid now, or what was asked.
        :rtype: float
        """
        self.ensure_one()
        if page_state in ("open", "busy"):
            return self._get_amount_to_pay()
        # What somebody else paid beyond it is not this visitor's business.
        paid = self.amount_paid - self.amount_surplus
        if page_state == "completed" and not self.currency_id.is_zero(paid):
            return paid
        return self.amount

    def _get_page_totals(self, page_state):
        """Return the rows below the lines: subtotal, taxes, total, and what is asked.

        :param str page_state: A value of :meth:`_get_page_state`.
        :rtype: list[dict]
        """
        self.ensure_one()
        is_taxed = not self.currency_id.is_zero(self.amount_tax)
        rows = [
            (is_taxed, self.env._("Subtotal"), self.amount_untaxed),
            (is_taxed, self.env._("Taxes"), self.amount_tax),
            (True, self.env._("Total"), self.amount_total),
        ]
        asked = self._get_displayed_amount(page_state)
        is_part = self.currency_id.compare_amounts(asked, self.amount_total) != 0
        rows.append((is_part, self.env._("To pay with this link"), asked))
        return [
            {"label": label, "amount": self._format_amount(amount)}
            for is_shown, label, amount in rows
            if is_shown
        ]

    def _format_amount(self, amount):
        """Return an amount as text, in the language of the context.

        :param float amount: The amount in the link's currency.
        :rtype: str
        """
        text = format_amount(self.env, amount, self.currency_id)
        if self.env["res.lang"]._get_data(code=self.env.lang).direction == "rtl":
            # Among words from right to left, a minus would end up behind its number.
            return f"{LEFT_TO_RIGHT_ISOLATE}{text}{POP_ISOLATE}"
        return text

    def _format_number(self, number):
        """Return a quantity as text, in the language of the context.

        :param float number: The quantity.
        :rtype: str
        """
        return formatLang(self.env, number, digits=0 if number.is_integer() else 2)

    def _format_time(self, time):
        """Return a time as text, in the company's time zone, which it names.

        :param datetime time: The time in UTC.
        :rtype: str
        """
        timezone = self.company_id._get_payment_link_timezone()
        local_time = fields.Datetime.context_timestamp(
            self.with_context(tz=timezone), time
        )
        day = format_date(self.env, local_time, date_format="medium")
        clock = format_time(self.env, time, tz=timezone, time_format="short")
        return f"{day}, {clock} ({timezone})"
