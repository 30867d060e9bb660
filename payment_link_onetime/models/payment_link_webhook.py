import base64
import binascii
import hashlib
import hmac
import logging
import re
import secrets
from datetime import timedelta

from odoo import api, fields, models, tools
from odoo.exceptions import UserError, ValidationError

from ..const import (
    MAX_REDIRECT_URL,
    WEBHOOK_FAILURE_HOURS,
    WEBHOOK_HOSTS_PARAMETER,
    WEBHOOK_ROTATION_HOURS,
    WEBHOOK_SECRET_BYTES,
)
from ..outbound import AddressError, check_url

_logger = logging.getLogger(__name__)

_PREFIX = "whsec_"


class PaymentLinkWebhook(models.Model):
    """An endpoint: where another system is told what happens to links.

    The job writes to it only when it switches it off: payments that are under way refer
    to the row, and would have to start over.
    """

    _name = "payment.link.webhook"
    _description = "Payment Link Webhook"
    _inherit = ["mail.thread", "payment.link.remembered.mixin"]
    _order = "name, id"

    name = fields.Char(required=True, tracking=True)
    url = fields.Char(
        string="URL",
        required=True,
        copy=False,
        tracking=True,
        help="Where the events are sent to, for example"
        " https://shop.example.com/payment-events.",
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        default=lambda self: self.env.company,
        index=True,
        ondelete="cascade",
        help="The events of this company's links are sent.",
    )
    is_for_all = fields.Boolean(
        string="All Events",
        default=True,
        tracking=True,
        help="Also those that later versions add.",
    )
    type_ids = fields.Many2many("payment.link.webhook.type", string="Events")

    state = fields.Selection(
        [("on", "On"), ("off", "Off")],
        default="on",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
    )
    off_reason = fields.Selection(
        [
            ("manual", "Switched off by hand"),
            ("failing", "Every delivery failed for three days"),
            ("gone", "The receiver said that it is gone (410)"),
            ("copy", "This database is a copy"),
        ],
        string="Off Because",
        readonly=True,
        copy=False,
    )
    switched_on_at = fields.Datetime(readonly=True, copy=False)

    secret = fields.Char(
        required=True,
        readonly=True,
        copy=False,
        default=lambda self: self._generate_secret(),
        groups="payment_link_onetime.group_payment_link_manager",
        help="With it, the receiver checks that an event comes from here.",
    )
    previous_secret = fields.Char(
        readonly=True,
        copy=False,
        groups="payment_link_onetime.group_payment_link_manager",
    )
    previous_secret_until = fields.Datetime(
        string="Previous Secret Valid Until", readonly=True, copy=False
    )

    delivery_ids = fields.One2many("payment.link.webhook.delivery", "webhook_id")
    waiting_count = fields.Integer(compute="_compute_delivery_counts")
    failed_count = fields.Integer(string="Given Up", compute="_compute_delivery_counts")
    last_delivered_at = fields.Datetime(
        string="Last Delivery", compute="_compute_delivery_counts"
    )

    # === COMPUTE METHODS === #

    def _compute_delivery_counts(self):
        groups = self.env["payment.link.webhook.delivery"]._read_group(
            [("webhook_id", "in", self.ids)],
            ["webhook_id", "state"],
            ["__count", "delivered_at:max"],
        )
        found = {(hook.id, state): (count, last) for hook, state, count, last in groups}
        for webhook in self:
            webhook.waiting_count = found.get((webhook.id, "waiting"), (0, None))[0]
            webhook.failed_count = found.get((webhook.id, "failed"), (0, None))[0]
            webhook.last_delivered_at = found.get(
                (webhook.id, "delivered"), (0, False)
            )[1]

    # === CONSTRAINT METHODS === #

    @api.constrains("url")
    def _check_url(self):
        for webhook in self:
            if len(webhook.url) > MAX_REDIRECT_URL:
                raise ValidationError(self.env._("The URL is too long."))
            try:
                check_url(webhook.url, self._get_allowed_hosts())
            except AddressError as error:
                raise ValidationError(
                    self._get_address_texts()[error.reason]
                ) from error

    @api.constrains("is_for_all", "type_ids")
    def _check_types(self):
        for webhook in self:
            if not webhook.is_for_all and not webhook.type_ids:
                raise ValidationError(
                    self.env._("Choose at least one event for %s.", webhook.name)
                )

    @api.constrains("secret")
    def _check_secret(self):
        for webhook in self:
            try:
                size = len(self._decode_secret(webhook.secret))
            except (binascii.Error, ValueError):
                size = 0
            if not 24 <= size <= 64:
                raise ValidationError(
                    self.env._(
                        "A secret is 'whsec_' and 24 to 64 random bytes in base64."
                    )
                )

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_only_off(self):
        # What just happens may still be written down for those that are on.
        if any(webhook.state == "on" for webhook in self):
            raise UserError(self.env._("Switch the webhook off before you delete it."))

    # === ACTION METHODS === #

    def action_send_test(self):
        """Send an event that says nothing, and show what becomes of it.

        :return: The window action.
        :rtype: dict
        :raises UserError: if the webhook is switched off.
        """
        self.ensure_one()
        self.check_access("write")
        self._check_on()
        # In sudo mode because nobody may create deliveries, only what happens does.
        deliveries_sudo = self.env["payment.link.webhook.delivery"].sudo()
        delivery_sudo = deliveries_sudo._queue_test(self)
        return {
            **self.action_view_deliveries(),
            "view_mode": "form",
            "views": [(False, "form")],
            "res_id": delivery_sudo.id,
        }

    def action_rotate_secret(self):
        """Make a new secret. For a day, events are signed with the old one as well.

        :return: None
        """
        self.check_access("write")
        until = fields.Datetime.now() + timedelta(hours=WEBHOOK_ROTATION_HOURS)
        for webhook in self:
            webhook.write(
                {
                    "previous_secret": webhook.secret,
                    "previous_secret_until": until,
                    "secret": self._generate_secret(),
                }
            )
            webhook._message_log(body=self.env._("The secret was rotated."))

    def action_forget_previous_secret(self):
        """End a rotation: events are signed with the new secret only.

        :return: None
        """
        self.check_access("write")
        self.write({"previous_secret": False, "previous_secret_until": False})

    def action_switch_on(self):
        """Send events again, those first that waited.

        :return: None
        :raises ValidationError: if the address is none that may be reached.
        """
        self.check_access("write")
        self._check_url()
        webhooks = self.filtered(lambda webhook: webhook.state == "off")
        now = fields.Datetime.now()
        webhooks.write({"state": "on", "off_reason": False, "switched_on_at": now})
        waiting_sudo = (
            self.env["payment.link.webhook.delivery"]
            .sudo()  # Managers read deliveries only.
            .search([("webhook_id", "in", webhooks.ids), ("state", "=", "waiting")])
        )
        waiting_sudo._queue_again()

    def action_switch_off(self):
        """Send nothing more. What happens meanwhile is not kept for the webhook.

        :return: None
        """
        self.check_access("write")
        self._switch_off("manual")

    def action_view_deliveries(self):
        """Open the deliveries of the webhooks.

        :return: The window action.
        :rtype: dict
        """
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "payment_link_onetime.action_payment_link_webhook_delivery"
        )
        return {**action, "domain": [("webhook_id", "in", self.ids)], "context": {}}

    # === BUSINESS METHODS === #

    def _check_on(self):
        """Refuse what a webhook that is off does not do.

        :raises UserError: naming a webhook that is off.
        """
        for webhook in self:
            if webhook.state == "off":
                raise UserError(
                    self.env._("%s is switched off. Switch it on first.", webhook.name)
                )

    def _switch_off(self, reason):
        """Send nothing more.

        :param str reason: One of `off_reason`'s values.
        """
        self.filtered(lambda webhook: webhook.state == "on").write(
            {"state": "off", "off_reason": reason}
        )

    def _on_gone(self):
        """Switch off what the receiver says is gone, and tell the managers."""
        self.ensure_one()
        if self.state == "on":
            self._switch_off("gone")
            self._tell_managers()

    def _on_failed_attempt(self):
        """Switch off what has failed for days without one success; tell the managers.

        :return: None
        """
        self.ensure_one()
        limit = fields.Datetime.now() - timedelta(hours=WEBHOOK_FAILURE_HOURS)
        since = self._get_failing_since()
        if self.state == "on" and since and since <= limit:
            self._switch_off("failing")
            self._tell_managers()

    def _tell_managers(self):
        """Queue a mail that the webhook was switched off, and why.

        :return: None
        """
        self.ensure_one()
        template = self.env.ref(
            "payment_link_onetime.mail_template_webhook_off", raise_if_not_found=False
        )
        partners = self._get_managers().partner_id.filtered("email")
        if not template or not partners:
            return
        try:
            with self.env.cr.savepoint():
                template.send_mail(
                    self.id, email_values={"recipient_ids": [(6, 0, partners.ids)]}
                )
        except Exception:
            # A template that somebody broke must not keep the webhook on.
            _logger.exception("Nobody was told that webhook %s is off", self.id)

    def _sign(self, message_ref, timestamp, body):
        """Sign a message as Standard Webhooks says, with each secret that is valid.

        :param str message_ref: The message's `webhook-id`.
        :param int timestamp: The time of the attempt, in seconds.
        :param str body: The message's body.
        :return: The header `webhook-signature`.
        :rtype: str
        """
        self.ensure_one()
        webhook_sudo = self.sudo()  # Jobs of any user sign.
        keys = [webhook_sudo.secret]
        until = webhook_sudo.previous_secret_until
        if until and until > fields.Datetime.now():
            keys.append(webhook_sudo.previous_secret)
        content = f"{message_ref}.{timestamp}.{body}".encode()
        digests = [
            hmac.new(self._decode_secret(key), content, hashlib.sha256).digest()
            for key in keys
        ]
        return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)

    # === GETTERS === #

    @api.model
    @tools.ormcache()
    def _get_subscriptions(self):
        """Return which webhooks are told of which events.

        Payers ask it at each step, so it is remembered.

        :return: The ids of webhooks, by the id of the company and the type of
            `payment.link.event`'s name in `WEBHOOK_TYPES`; empty if there are none.
        :rtype: dict
        """
        result = {}
        webhooks_sudo = self.sudo().search(  # Payers may not read webhooks.
            ["|", ("state", "=", "on"), ("off_reason", "=", "failing")], order="id"
        )
        all_types = self.env["payment.link.webhook.type"].sudo().search([])
        for webhook in webhooks_sudo:
            types = all_types if webhook.is_for_all else webhook.type_ids
            company = result.setdefault(webhook.company_id.id, {})
            for name in types.mapped("name"):
                company.setdefault(name, []).append(webhook.id)
        return result

    @api.model
    def _get_allowed_hosts(self):
        """Return the hosts that may be reached though they are private.

        :return: Names of hosts in small letters, some with a port.
        :rtype: frozenset[str]
        """
        parameters_sudo = self.env["ir.config_parameter"].sudo()  # Managers obey it.
        text = parameters_sudo.get_param(WEBHOOK_HOSTS_PARAMETER) or ""
        return frozenset(filter(None, re.split(r"[\s,;]+", text.lower())))

    @api.model
    def _get_address_texts(self):
        """Return what a user reads about an address that is refused.

        :return: Texts by `AddressError`'s reasons.
        :rtype: dict
        """
        return {
            "invalid": self.env._(
                "This is not a web address. Write it in full, for example"
                " https://shop.example.com/payment-events."
            ),
            "scheme": self.env._(
                "The URL of a webhook must begin with https://. For a receiver in your own"
                " network, ask an administrator to allow the host in the settings."
            ),
            "credentials": self.env._(
                "Leave name and password out of the URL. The receiver recognises"
                " events by their signature."
            ),
            "fragment": self.env._(
                "Leave out what follows the # in the URL: it is never sent."
            ),
            "port": self.env._(
                "Webhooks are sent to the ports 443 and 8443. For another one, ask an"
                " administrator to allow the host in the settings."
            ),
            "unknown": self.env._(
                "The host in this URL cannot be found. Please check its name."
            ),
            "private": self.env._(
                "This URL leads into a private network. If that is meant, ask an"
                " administrator to allow the host in the settings."
            ),
        }

    def _get_failing_since(self):
        """Return since when no delivery succeeds, though some were tried.

        :return: The first attempt of those, or `None` if the last one succeeded.
        :rtype: datetime|None
        """
        self.ensure_one()
        deliveries = self.env["payment.link.webhook.delivery"]
        domain = [("webhook_id", "=", self.id), ("link_id", "!=", False)]
        ((last_success,),) = deliveries._read_group(domain, [], ["delivered_at:max"])
        domain += [("first_attempt_at", "!=", False), ("state", "!=", "delivered")]
        starts = [moment for moment in (last_success, self.switched_on_at) if moment]
        domain += [("last_attempt_at", ">=", moment) for moment in starts]
        ((first,),) = deliveries._read_group(domain, [], ["first_attempt_at:min"])
        return max([first, *starts]) if first else None

    def _get_managers(self):
        """Return who looks after the webhook.

        :rtype: res.users
        """
        self.ensure_one()
        managers = self.env.ref("payment_link_onetime.group_payment_link_manager")
        return managers.sudo().all_user_ids.filtered(  # Jobs of any user tell them.
            lambda user: self.company_id in user.company_ids and user.id > 1
        )

    @api.model
    def _generate_secret(self):
        """Return a new secret in the notation of Standard Webhooks.

        :rtype: str
        """
        random_bytes = secrets.token_bytes(WEBHOOK_SECRET_BYTES)
        return _PREFIX + base64.b64encode(random_bytes).decode()

    @api.model
    def _decode_secret(self, secret):
        """Return the bytes of a secret.

        :param str secret: The secret.
        :rtype: bytes
        :raises ValueError: for what is none.
        """
        if not secret.startswith(_PREFIX):
            raise ValueError(secret[:6])
        return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
