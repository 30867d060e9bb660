from odoo import api, models
from odoo.exceptions import ValidationError

from ..const import MAX_REDIRECT_URL
from ..tools import get_https_host


class PaymentLink(models.Model):
    """Where a payer may go after the confirmation: to the company's own pages only."""

    _inherit = "payment.link"

    # === CONSTRAINT METHODS === #

    @api.constrains("company_id", "redirect_url")
    def _check_redirect_url(self):
        for link in self:
            if link.redirect_url and not link._is_redirect_url_allowed():
                raise ValidationError(
                    self.env._(
                        "Payers cannot be sent to %(url)s. The address must begin with"
                        " https://, name no user, and its host must be on the list in"
                        " the settings of payment links. On the list now: %(hosts)s.",
                        url=link.redirect_url,
                        hosts=", ".join(
                            sorted(link.company_id._get_payment_link_redirect_hosts())
                        )
                        or self.env._("nothing"),
                    )
                )

    # === GETTERS === #

    def _get_redirect_url(self):
        """Return where the button of the confirmation leads.

        :return: The address, `False` if there is none, or if the company has taken its
            host off the list since.
        :rtype: str|bool
        """
        self.ensure_one()
        return self._is_redirect_url_allowed() and self.redirect_url

    def _is_redirect_url_allowed(self):
        """Return whether the company lets payers be sent to the link's address.

        :rtype: bool
        """
        self.ensure_one()
        url = self.redirect_url or ""
        if len(url) > MAX_REDIRECT_URL:
            return False
        # With a user, or a port that the list does not name, it is not on the list.
        hosts = self.company_id._get_payment_link_redirect_hosts()
        return get_https_host(url) in hosts
