from odoo import fields, models


class PaymentLink(models.Model):
    """What is sent about a link by itself. Who leaves a message to the job, and who
    makes it, is in `payment_link_reminder`, `..._notification`, `..._receipt` and
    `..._renewal`."""

    _inherit = "payment.link"

    outbox_ids = fields.One2many(
        "payment.link.message",
        "link_id",
        string="Scheduled Messages",
        readonly=True,
        copy=False,
    )

    # === BUSINESS METHODS === #

    def _post_to_customer(self, template, recipient, transaction=None, **kwargs):
        """Send a mail of a template's, and keep it with the link.

        Followers do not get it: they know. The mail waits in the queue.

        :param mail.template template: The template.
        :param str recipient: The e-mail address.
        :param payment.transaction transaction: What the template is about, if it is not
            about the link.
        :param dict kwargs: More for `message_post`.
        """
        self.ensure_one()
        record = transaction or self
        values = template._generate_template(
            record.ids, ("body_html", "email_from", "reply_to", "subject")
        )[record.id]
        customer = self.partner_id
        is_customer = (
            customer.email_normalized == recipient or customer.email == recipient
        )
        self.message_post(
            body=values["body_html"],
            subject=values["subject"],
            email_from=values.get("email_from") or None,
            reply_to=values.get("reply_to") or False,
            message_type="comment",
            subtype_xmlid="mail.mt_note",
            partner_ids=customer.ids if is_customer else [],
            outgoing_email_to=False if is_customer else recipient,
            email_layout_xmlid="payment_link_onetime.mail_layout",
            force_email_lang=self._get_page_lang(),
            mail_auto_delete=template.auto_delete,
            force_send=False,
            **kwargs,
        )
