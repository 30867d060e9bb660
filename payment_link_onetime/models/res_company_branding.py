import re

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..const import LANDING_TOKEN
from ..tools import get_https_host


class ResCompany(models.Model):
    """What a company's payment pages look like, and where links lead."""

    _inherit = "res.company"

    payment_link_color = fields.Char(
        string="Payment Page Colour",
        help="The colour of the payment page and its button, for example #0a5c36."
        " Empty: the one of the buttons in the company's mails.",
    )
    payment_link_text = fields.Html(
        string="Payment Page Text",
        translate=True,
        help="What payers read between the amount and the payment methods.",
    )
    payment_link_landing = fields.Selection(
        [
            ("page", "Our payment page"),
            ("view", "A template of yours around the payment form"),
            ("url", "A page on your own site"),
        ],
        string="Payment Landing Page",
        default="page",
        required=True,
        help="Where payment links lead.",
    )
    payment_link_landing_view_id = fields.Many2one(
        "ir.ui.view",
        string="Payment Landing Template",
        domain=[("type", "=", "qweb")],
        ondelete="set null",
        help='Its <t t-out="0"/> is where the payment form goes.',
    )
    payment_link_landing_url = fields.Char(
        string="Payment Landing Address",
        help="The address of the page. {token} stands for the secret of the link, for"
        " example https://shop.example.com/pay?token={token}",
    )

    # === CONSTRAINT METHODS === #

    @api.constrains("payment_link_color")
    def _check_payment_link_color(self):
        for company in self:
            color = company.payment_link_color
            if color and not re.fullmatch(r"#[0-9a-fA-F]{6}", color):
                raise ValidationError(
                    self.env._(
                        "%(color)s is not a colour. Write it as # and six digits, for"
                        " example #0a5c36.",
                        color=color,
                    )
                )

    # The settings screen writes one field after the other: each is checked by itself, and
    # what is incomplete leads to our page.
    @api.constrains("payment_link_landing_url")
    def _check_payment_link_landing_url(self):
        for company in self:
            url = company.payment_link_landing_url
            if url and not self._is_payment_link_landing_url(url):
                raise ValidationError(
                    self.env._(
                        "Payment links cannot lead to %(url)s. The address must begin"
                        " with https://, name no user, and contain %(token)s once,"
                        " after the name of the host. For example: %(example)s",
                        url=url,
                        token=LANDING_TOKEN,
                        example=f"https://shop.example.com/pay?token={LANDING_TOKEN}",
                    )
                )

    @api.constrains("payment_link_landing_view_id")
    def _check_payment_link_landing_view(self):
        for company in self.filtered("payment_link_landing_view_id"):
            if reason := company._get_payment_link_landing_problem():
                raise ValidationError(
                    self.env._(
                        "The template %(view)s cannot be used for the payment page:"
                        " %(reason)s",
                        view=company.payment_link_landing_view_id.display_name,
                        reason=reason,
                    )
                )

    # === ACTION METHODS === #

    def action_preview_payment_page(self):
        """Open a payment page as customers of the company would see it.

        :return: The URL action.
        :rtype: dict
        """
        self.ensure_one()
        return {
            "type": "ir.actions.act_url",
            "url": f"/payment_link/preview?company_id={self.id}",
            "target": "new",
        }

    # === GETTERS === #

    def _get_payment_link_color(self):
        """Return the colour of the company's payment pages, as `#rrggbb`.

        :rtype: str
        """
        self.ensure_one()
        return self.payment_link_color or self.email_secondary_color or "#714B67"

    def _get_payment_link_landing_view(self):
        """Return the template around the payment form, empty if there is none.

        :rtype: ir.ui.view
        """
        self.ensure_one()
        view = self.payment_link_landing_view_id
        return view if self.payment_link_landing == "view" else view.browse()

    def _get_payment_link_landing_url(self, access_token):
        """Return where a link of the company leads, if that is a page of its own.

        :param str access_token: The secret of the link.
        :return: The address, or `None`.
        :rtype: str|None
        """
        self.ensure_one()
        url = self.payment_link_landing_url or ""
        is_used = self.payment_link_landing == "url"
        # Whatever got into the database: a link must lead somewhere.
        if not is_used or not self._is_payment_link_landing_url(url):
            return None
        return url.replace(LANDING_TOKEN, access_token)

    @api.model
    def _is_payment_link_landing_url(self, url):
        """Return whether links can lead to an address.

        :param str url: The address, with the place for the token.
        :rtype: bool
        """
        if url.count(LANDING_TOKEN) != 1 or "#" in url:
            return False
        if set(url.replace(LANDING_TOKEN, "")) & set("{}"):
            return False
        host = get_https_host(url)
        # Names only, and no local ones: links go to phones, too.
        return bool(host) and bool(
            re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+(:[0-9]{1,5})?", host)
        )

    def _get_payment_link_landing_problem(self):
        """Return why the company's template cannot go around the payment form.

        :return: The reason, or `None`.
        :rtype: str|None
        """
        self.ensure_one()
        view = self.payment_link_landing_view_id
        if view.type != "qweb":
            return self.env._("It is not a template of web pages.")
        slot = Markup('<div id="payment_link_slot"></div>')
        values = {"company": self, "link": self.env["payment.link"], "0": slot}
        values[0] = slot
        try:
            with self.env.cr.savepoint():
                text = self.env["ir.qweb"]._render(view.id, values)
        except Exception as error:  # Whatever is wrong with it, in its author's words.
            return str(error)
        if text.count(slot) != 1:
            return self.env._(
                'It must contain <t t-out="0"/> once: there, the payment form goes.'
            )
        return None
