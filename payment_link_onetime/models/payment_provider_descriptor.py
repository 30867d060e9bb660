from odoo import models

from ..descriptor import REFERENCE_KEYS


class PaymentProvider(models.Model):
    """How statement descriptors come to providers that are asked without a transaction."""

    _inherit = "payment.provider"

    # === BUSINESS METHODS === #

    def _send_api_request(
        self,
        method,
        endpoint,
        *,
        params=None,
        data=None,
        json=None,
        reference=None,
        **kwargs,
    ):
        """Override of `payment`: Adyen's form names the charge in the body only."""
        key = REFERENCE_KEYS.get((self.code, endpoint))
        if key and not reference and isinstance(json, dict):
            charge_sudo = self._find_charge(json.get(key))
            if charge_sudo:
                json = charge_sudo._describe_payment_link_request(
                    method, endpoint, json
                )
        return super()._send_api_request(
            method,
            endpoint,
            params=params,
            data=data,
            json=json,
            reference=reference,
            **kwargs,
        )

    def _find_charge(self, reference):
        """Return the provider's transaction of a reference.

        Who asks the provider has read it just now: it is looked for there first.

        :param str reference: The reference.
        :return: The transaction in sudo, as requests to providers are nobody's.
        :rtype: payment.transaction
        """
        transactions_sudo = self.env["payment.transaction"].sudo()
        known = transactions_sudo._fields["reference"]._get_cache(self.env)
        ids = [tx_id for tx_id, value in known.items() if tx_id and value == reference]
        charge_sudo = transactions_sudo.browse(ids) or transactions_sudo.search(
            [("reference", "=", reference)]
        )
        return charge_sudo.filtered(lambda tx: tx.provider_id == self)[:1]
