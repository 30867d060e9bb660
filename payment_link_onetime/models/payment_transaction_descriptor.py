import copy
import logging
from dataclasses import replace

import psycopg2

from odoo import fields, models

from ..descriptor import STRIPE_CARD, STRIPE_LONGEST_SUFFIX, get_descriptor_field

_logger = logging.getLogger(__name__)


class PaymentTransaction(models.Model):
    """How the statement descriptor of a link comes to the provider."""

    _inherit = "payment.transaction"

    # Taken over from the link: what asks the provider need not read it. Captures, voids
    # and refunds have none.
    payment_link_descriptor = fields.Json(
        string="Statement Descriptor", readonly=True, copy=False
    )

    # === BUSINESS METHODS - PAYMENT FLOW === #

    def _send_api_request(
        self, method, endpoint, *, params=None, data=None, json=None, **kwargs
    ):
        """Override of `payment` to hand over the link's statement descriptor."""
        return super()._send_api_request(
            method,
            endpoint,
            params=params,
            data=self._describe_payment_link_request(method, endpoint, data),
            json=self._describe_payment_link_request(method, endpoint, json),
            **kwargs,
        )

    def _describe_payment_link_request(self, method, endpoint, payload):
        """Return the body of a request to the provider, with the descriptor if it has one.

        Whatever goes wrong with a text for the statement, the payment is asked for.

        :param str method: The HTTP method.
        :param str endpoint: The endpoint.
        :param dict|str|None payload: The body. It is not changed.
        :return: The body to send; the same one if there is nothing to add.
        :rtype: dict|str|None
        """
        self.ensure_one()
        if not isinstance(payload, dict) or not self._get_payment_link_descriptor():
            return payload
        try:
            with self.env.cr.savepoint(flush=False):
                return self._add_payment_link_descriptor(
                    method, endpoint, copy.deepcopy(payload)
                )
        except psycopg2.OperationalError:
            raise  # Odoo runs the request again. Nothing was sent yet.
        except Exception:
            _logger.exception(
                "Transaction %s is sent without its statement descriptor",
                self.reference,
            )
            return payload

    def _add_payment_link_descriptor(self, method, endpoint, payload):
        """Add the statement descriptor to a request that creates a payment.

        Override it to add it for another provider, or more of it than the name. Called
        for charges of links with a descriptor only. An exception is logged, and the
        request sent as it was.

        :param str method: The HTTP method.
        :param str endpoint: The endpoint, as passed to `_send_api_request`.
        :param dict payload: The body, a copy that may be changed.
        :return: The body to send.
        :rtype: dict
        """
        field = get_descriptor_field(self.provider_code, method, endpoint, payload)
        if field is STRIPE_CARD:
            field = replace(field, longest=self._get_stripe_suffix_length())
        if field:
            name = self._get_payment_link_descriptor().get("name") or ""
            if text := field.fit(name):
                field.put(payload, text)
        return payload

    # === GETTERS === #

    def _get_payment_link_descriptor(self):
        """Return what the payer shall read on the statement.

        For the modules of providers that send their requests in a way of their own.

        :return: Of `name`, `phone`, `country`, `city` and `sub_merchant_id` what the
            link has; empty without a link, and for captures, voids and refunds.
        :rtype: dict[str, str]
        """
        self.ensure_one()
        return self.payment_link_descriptor or {}

    def _get_stripe_suffix_length(self):
        """Return how much the prefix of the company's Stripe account leaves of 22.

        :return: The number of characters that a suffix can have.
        :rtype: int
        """
        parameters_sudo = self.env["ir.config_parameter"].sudo()  # It is no secret.
        text = parameters_sudo.get_param("payment_link_onetime.stripe_suffix_length")
        length = int(text) if text and text.isdecimal() else 0
        return length if 0 < length <= STRIPE_LONGEST_SUFFIX else STRIPE_CARD.longest
