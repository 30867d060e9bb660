import re

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..const import WEBHOOK_HOSTS_PARAMETER


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    payment_link_webhook_allowed_hosts = fields.Char(
        string="Webhooks Into Your Network",
        config_parameter=WEBHOOK_HOSTS_PARAMETER,
        groups="base.group_system",
        help="Hosts that webhooks of all companies may reach though they are private,"
        " also without TLS. Separate them by commas; add a port if only that one is"
        " meant.",
    )

    # === CONSTRAINT METHODS === #

    @api.constrains("payment_link_webhook_allowed_hosts")
    def _check_payment_link_webhook_allowed_hosts(self):
        for settings in self:
            text = settings.payment_link_webhook_allowed_hosts or ""
            for host in filter(None, re.split(r"[\s,;]+", text)):
                if not re.fullmatch(r"([\w.-]+|\[[0-9a-fA-F:.]+\])(:[0-9]+)?", host):
                    raise ValidationError(
                        self.env._(
                            "%(host)s is not the name of a host. Write names without"
                            " http:// and without a path, separated by commas, for"
                            " example erp.internal:8080.",
                            host=host,
                        )
                    )
