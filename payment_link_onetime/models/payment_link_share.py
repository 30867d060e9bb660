from urllib.parse import quote

from markupsafe import Markup

from odoo import api, fields, models

from ..tools import readable_on


class PaymentLink(models.Model):
    """How a link is handed on by the user herself: a messenger, her own website."""

    _inherit = "payment.link"

    share_text = fields.Text(compute="_compute_share_text")
    whatsapp_url = fields.Char(compute="_compute_share_text")
    embed_code = fields.Char(
        string="HTML of a Button",
        compute="_compute_embed_code",
        help="A link that looks like a button. It works on any page, without a script.",
    )

    # === COMPUTE METHODS === #

    @api.depends("amount", "partner_id", "phone", "reference", "url")
    def _compute_share_text(self):
        for link in self:
            text = link.url and link._render_sms(channel="share")
            link.share_text = text
            link.whatsapp_url = text and link._get_whatsapp_url(text)

    @api.depends("amount", "company_id", "partner_id", "url")
    def _compute_embed_code(self):
        for link in self:
            link.embed_code = link.url and link._render_embed_code()

    # === ACTION METHODS === #

    def action_share(self):
        """Write down that the user hands the link on by a messenger.

        :return: None
        :raises UserError: if the link takes no money any more.
        """
        self.check_access("write")
        for link in self:
            link._check_sendable()
            link._log_note(lambda env: env._("The link was shared by messenger."))
            link._on_sent("", "share")

    # === GETTERS === #

    def _get_whatsapp_url(self, text):
        """Return the address that opens WhatsApp with a message to the customer.

        :param str text: The message.
        :rtype: str
        """
        self.ensure_one()
        number = self._phone_format(
            number=self._get_phone(), country=self._get_phone_country()
        )
        # Without a number, WhatsApp asks for the recipient.
        return f"https://wa.me/{(number or '').lstrip('+')}?text={quote(text)}"

    def _render_embed_code(self):
        """Return the HTML of a button that opens the link from a page of any origin.

        It is a plain link: no script that a shop's policy would block, and no frame,
        which the page refuses to be shown in. `data-channel` is for the shop's own
        scripts; what counts for us is the channel in the address.

        :return: The HTML, in one line, with the text in the customer's language.
        :rtype: str
        """
        self.ensure_one()
        color = self.company_id.email_secondary_color or "#714B67"
        style = (
            "display:inline-block;padding:12px 24px;border-radius:4px;"
            "font:bold 16px/1.25 sans-serif;text-decoration:none;"
            f"background:{color};color:{readable_on(color)}"
        )
        link = self.with_context(lang=self._get_page_lang())
        # The page that holds the button may itself be in a frame.
        return Markup(
            '<a href="%s" data-channel="embed" target="_top" rel="nofollow noopener"'
            ' style="%s">%s</a>'
        ) % (
            self._get_channel_url("embed"),
            style,
            link.env._("Pay %(amount)s", amount=link._format_amount(link.amount)),
        )
