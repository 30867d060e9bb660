import logging

import psycopg2

from odoo import Command, models
from odoo.exceptions import UserError
from odoo.tools import email_normalize_all, plaintext2html

_logger = logging.getLogger(__name__)

TEMPLATE = "payment_link_onetime.mail_template_payment_link"
LAYOUT = "payment_link_onetime.mail_layout"


class PaymentLink(models.Model):
    """How a link goes out by e-mail."""

    _inherit = "payment.link"

    # === BUSINESS METHODS === #

    def _send_by_email(self, message=None):
        """Send the link to its customer by e-mail, once the transaction is committed.

        :param str message: Some personal words, as plain text.
        :raises UserError: if the link takes no money any more, or if there is no e-mail
            address to send it to.
        """
        self.ensure_one()
        address = self._check_channel("email")
        attachments = self.env["ir.attachment"]
        if self.env.context.get("payment_link_attach_document"):
            attachments = self._prepare_document_attachments()
        link = self.with_context(payment_link_message=self._format_message(message))
        link.message_post_with_source(
            TEMPLATE,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            email_layout_xmlid=LAYOUT,
            attachment_ids=[Command.set(attachments.ids)],
        )
        self._on_sent(address, "email")

    def _preview_by_email(self, message=None):
        """Return the e-mail as its reader will see it.

        :param str message: Some personal words, as plain text.
        :return: Its `subject`, and as `html` all that is below.
        :rtype: dict
        """
        self.ensure_one()
        template = self.env.ref(TEMPLATE).with_context(
            payment_link_message=self._format_message(message)
        )
        subject, body = (
            template._render_field(field_name, list(self._ids), compute_lang=True)
            for field_name in ("subject", "body_html")
        )
        html = template.with_context(lang=self._get_page_lang())._render_encapsulate(
            LAYOUT, body[self.id], context_record=self
        )
        return {"subject": subject[self.id], "html": html}

    def _prepare_document_attachments(self):
        """Return the document's PDF, to go out with the e-mail.

        Where none can be made, the e-mail goes out without it, and the link says so.

        :return: Attachments that belong to no record yet.
        :rtype: ir.attachment
        """
        self.ensure_one()
        document = self._get_document()
        reason = ""
        try:
            with self.env.cr.savepoint():
                pdfs = document._payment_link_render_pdfs() if document else []
        except UserError as error:
            pdfs, reason = [], str(error)
        except psycopg2.OperationalError:
            raise  # Somebody else writes the same rows: Odoo starts over.
        except Exception:
            _logger.exception("The PDF for the payment link %s failed", self.code)
            pdfs, reason = [], self.env._("See the server's log.")
        if reason:
            self._log_note(
                lambda env: env._(
                    "The e-mail goes out without the PDF of the document, as none could"
                    " be made. %(reason)s",
                    reason=reason,
                )
            )
        return self.env["ir.attachment"].create(
            [
                {"name": name, "raw": content, "mimetype": "application/pdf"}
                for name, content in pdfs
            ]
        )

    def _check_by_email(self):
        """Return the customer's e-mail address, or refuse.

        :rtype: str
        :raises UserError: if there is no customer, no address, or none that is one.
        """
        self.ensure_one()
        partner = self.partner_id
        if not partner:
            raise UserError(
                self.env._(
                    "This payment link has no customer with an e-mail address. Choose"
                    " the customer to send the link to, or get the link and hand it"
                    " over yourself."
                )
            )
        if not partner.email:
            raise UserError(
                self.env._(
                    "%(customer)s has no e-mail address. Add one to the contact, or get"
                    " the link and hand it over yourself.",
                    customer=partner.display_name,
                )
            )
        if not email_normalize_all(partner.email):
            raise UserError(
                self.env._(
                    "%(email)s of %(customer)s is no e-mail address. Correct it on the"
                    " contact: it looks like name@example.com.",
                    email=partner.email,
                    customer=partner.display_name,
                )
            )
        return partner.email

    # === GETTERS === #

    @staticmethod
    def _format_message(message):
        """Return somebody's personal words as HTML.

        :param str message: The words, as plain text.
        :rtype: Markup|bool
        """
        message = (message or "").strip()
        return plaintext2html(message) if message else False
