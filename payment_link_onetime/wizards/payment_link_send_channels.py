from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_list

from ..tools import qr_code_png

# In a preview, it stands for the secret that is not made yet, and is as long.
_PLACEHOLDER_TOKEN = "x" * 43


class PaymentLinkSend(models.TransientModel):
    """By which ways the dialog sends the link, and what goes out by each of them."""

    _inherit = "payment.link.send"

    # What is stored is computed as superuser if nothing else is said: these tell of the
    # link and the contact, whichever a forged dialog names.
    channels = fields.Json(
        compute="_compute_channels",
        compute_sudo=False,
        store=True,
        precompute=True,
        readonly=False,
    )
    # Not stored: PostgreSQL keeps the keys of an object in an order of its own.
    channel_checkboxes = fields.Json(
        string="Send by",
        compute="_compute_channel_checkboxes",
        inverse="_inverse_channel_checkboxes",
    )
    email = fields.Char(string="E-mail", related="partner_id.email", related_sudo=False)
    phone = fields.Char(
        compute="_compute_phone",
        compute_sudo=False,
        store=True,
        precompute=True,
        readonly=False,
        help="With the country code, such as +32 470 12 34 56. Another number than the"
        " contact's is used for this link only.",
    )
    message = fields.Text(help="It comes before what the template says.")
    has_document = fields.Boolean(compute="_compute_has_document")
    attach_document = fields.Boolean(
        string="Attach the PDF",
        help="The quotation, order or invoice goes out with the e-mail.",
    )
    channel_problem = fields.Char(compute="_compute_channel_problem")
    show_preview = fields.Boolean(string="Preview First")
    preview = fields.Html(compute="_compute_preview", sanitize=False)

    # What a user hands on herself.
    share_text = fields.Text(related="link_id.share_text", related_sudo=False)
    whatsapp_url = fields.Char(related="link_id.whatsapp_url", related_sudo=False)
    embed_code = fields.Char(related="link_id.embed_code", related_sudo=False)

    # === COMPUTE METHODS === #

    @api.depends("partner_id")
    def _compute_channels(self):
        for wizard in self:
            channel = wizard._get_default_channel()
            wizard.channels = [channel] if channel else []

    @api.depends("channels")
    def _compute_channel_checkboxes(self):
        for wizard in self:
            chosen = wizard.channels or []
            labels = self.env["payment.link"]._get_send_channels()
            wizard.channel_checkboxes = {
                channel: {"label": label, "checked": channel in chosen}
                for channel, label in labels.items()
            }

    def _inverse_channel_checkboxes(self):
        for wizard in self:
            wizard.channels = wizard._get_checked_channels()

    @api.depends("partner_id")
    def _compute_phone(self):
        for wizard in self:
            wizard.phone = wizard._format_phone(
                wizard.link_id.phone
                or wizard._get_recipient_link(phone="")._get_phone()
            )

    @api.depends("link_id", "res_model")
    def _compute_has_document(self):
        for wizard in self:
            document = wizard.link_id and wizard.link_id._get_document()
            wizard.has_document = wizard.is_document or bool(document)

    @api.depends("channels", "email", "partner_id", "phone")
    def _compute_channel_problem(self):
        for wizard in self:
            wizard.channel_problem = False
            link = wizard._get_recipient_link()
            try:
                for channel in wizard.channels or []:
                    link._check_recipient(channel)
            except UserError as error:
                wizard.channel_problem = str(error)

    @api.depends(
        "amount",
        "channels",
        "currency_id",
        "description",
        "expires_at",
        "link_id",
        "message",
        "partner_id",
        "phone",
        "reference",
        "show_preview",
    )
    def _compute_preview(self):
        for wizard in self:
            wizard.preview = wizard.show_preview and wizard._render_preview()

    # === ONCHANGE METHODS === #

    @api.onchange("channel_checkboxes")
    def _onchange_channel_checkboxes(self):
        self.channels = self._get_checked_channels()

    @api.onchange("phone")
    def _onchange_phone(self):
        self.phone = self._format_phone(self.phone)

    # === ACTION METHODS === #

    def action_send(self):
        """Make the link if there is none yet, and send it by the chosen channels.

        :return: The client action that says so and closes the dialog.
        :rtype: dict
        :raises UserError: if no channel is chosen, or if one of them has no address or
            number, or none that can be used. Then nothing is made or sent.
        """
        self.ensure_one()
        self._check_channels_chosen()
        if self.link_id:
            self.link_id._check_sendable()
        draft = self._get_recipient_link()
        recipients = [draft._check_recipient(channel) for channel in self.channels]
        link = self._ensure_link()
        if "sms" in self.channels:
            link.phone = self._get_own_phone()
        link = link.with_context(payment_link_attach_document=self.attach_document)
        for channel in self.channels:
            link._send_by_channel(channel, message=self.message)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._(
                    "The payment link was sent to %(recipients)s.",
                    recipients=format_list(self.env, list(filter(None, recipients))),
                ),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    # === BUSINESS METHODS === #

    def _check_channels_chosen(self):
        """Refuse to send by no channel, or by one that there is not.

        :raises UserError: saying which there are.
        """
        self.ensure_one()
        known = self.env["payment.link"]._get_send_channels()
        if not self.channels or not set(self.channels) <= set(known):
            raise UserError(
                self.env._(
                    "Choose how to send the link: check one of %(channels)s. Or get the"
                    " link and hand it over yourself.",
                    channels=format_list(self.env, list(known.values()), "or"),
                )
            )

    def _prepare_link_values(self):
        """Override to keep a number that is not the contact's."""
        return {**super()._prepare_link_values(), "phone": self._get_own_phone()}

    def _render_preview(self):
        """Return what goes out by the chosen channels, as HTML.

        Nothing is created: a link that is not made yet is one of the cache only.

        :rtype: Markup
        """
        self.ensure_one()
        link = self._get_preview_link()
        labels = link._get_send_channels()
        recipient_link = self._get_recipient_link()
        messages = []
        for channel in self.channels or []:
            render = getattr(link, f"_preview_by_{channel}", None)
            if not render:
                continue
            try:
                recipient = recipient_link._check_recipient(channel)
            except UserError:
                recipient = ""  # The dialog says what is wrong with it.
            messages.append(
                {
                    "label": labels[channel],
                    "recipient": recipient,
                    **render(message=self.message),
                }
            )
        messages.sort(key=lambda message: "html" in message)  # The short ones first.
        preview = self.env["ir.qweb"]._render(
            "payment_link_onetime.send_preview",
            {"messages": messages, "is_draft": not self.link_id},
        )
        # A link that is not made yet has no code to fetch.
        code = f"data:image/png;base64,{qr_code_png(link.url).decode()}"
        preview = preview.replace(f"{link.url}/qr.png", code)
        return preview.replace(_PLACEHOLDER_TOKEN, "\N{HORIZONTAL ELLIPSIS}")

    # === GETTERS === #

    def _get_checked_channels(self):
        """Return the channels whose boxes are checked.

        :rtype: list[str]
        """
        self.ensure_one()
        checkboxes = self.channel_checkboxes or {}
        return [
            channel
            for channel in self.env["payment.link"]._get_send_channels()
            if checkboxes.get(channel, {}).get("checked")
        ]

    def _get_default_channel(self):
        """Return the channel that is checked at first.

        :return: By e-mail if there is an address, else by SMS if there is a number.
        :rtype: str|bool
        """
        self.ensure_one()
        partner = self.link_id.partner_id or self.partner_id
        has_phone = self._get_recipient_link(phone=self.link_id.phone)._get_phone()
        if has_phone and not partner.email:
            return "sms"
        return bool(partner) and "email"

    def _get_recipient_link(self, phone=None):
        """Return a link of the cache only, to ask whom a channel would send it to.

        :param str phone: Another number than the dialog's.
        :rtype: payment.link
        """
        self.ensure_one()
        partner = self.link_id.partner_id or self.partner_id
        return self.env["payment.link"].new(
            {
                "company_id": self.company_id.id,
                "partner_id": partner.id,
                "phone": self.phone if phone is None else phone,
            }
        )

    def _get_preview_link(self):
        """Return the link, or one of the cache only that asks for the same.

        :rtype: payment.link
        """
        self.ensure_one()
        if self.link_id:
            return self.link_id
        links = self.env["payment.link"]
        values = {"user_id": self.env.uid, **self._prepare_link_values()}
        document = links._get_document_from_values(values)
        values.update(
            access_token=_PLACEHOLDER_TOKEN,
            amount_due=values["amount"],
            payment_status="unpaid",
            reference=links._prepare_reference(
                self.company_id,
                (self.reference or "").strip(),
                document,
                "\N{HORIZONTAL ELLIPSIS}",
            ),
            state="open",
        )
        return links.new(values)

    def _get_own_phone(self):
        """Return the number that was typed in, if it is not the contact's.

        :return: The number in E.164 where it can be one, `False` for the contact's own.
        :rtype: str|bool
        """
        self.ensure_one()
        number = self._format_phone(self.phone)
        contact = self._get_recipient_link(phone="")
        own = number and number != self._format_phone(contact._get_phone())
        return own and number

    def _format_phone(self, number):
        """Return a number in E.164, or as it was typed if it cannot be one.

        :param str number: The number, perhaps none.
        :rtype: str|bool
        """
        link = self._get_recipient_link(phone="")
        country = link._get_phone_country()
        return number and (link._phone_format(number=number, country=country) or number)
