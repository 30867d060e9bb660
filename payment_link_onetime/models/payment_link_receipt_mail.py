import logging

import psycopg2

from odoo import models

_logger = logging.getLogger(__name__)


class PaymentLink(models.Model):
    """The receipt that whoever paid gets by e-mail."""

    _inherit = "payment.link"

    # === BUSINESS METHODS === #

    def _record_event(self, event_type, transaction=None, channel=None, **values):
        """Override to leave a receipt to the job: one for each settled charge."""
        result = super()._record_event(
            event_type, transaction=transaction, channel=channel, **values
        )
        if event_type == "paid" and transaction:
            for link in self:
                if link.company_id.payment_link_receipt:
                    self.env["payment.link.message"]._enqueue(
                        link,
                        "receipt",
                        str(transaction.id),
                        transaction_id=transaction.id,
                    )
        return result

    def _deliver_receipt(self, message):
        """Send a receipt to who paid: as she said herself, or else the customer.

        :param payment.link.message message: The message.
        :return: As `payment.link.message._deliver`.
        :rtype: dict
        """
        self.ensure_one()
        transaction = message.transaction_id
        charge = transaction.source_transaction_id or transaction
        recipient = charge.payer_email or self.partner_id.email
        reason = None
        if not recipient:
            reason = self.env._("Nobody left an e-mail address.")
        elif self._is_going_back(transaction):
            reason = self.env._("The money goes back to the payer.")
        if reason:
            return {"state": "skipped", "reason": reason}
        customers_link = self.with_context(lang=self._get_page_lang())
        self._post_to_customer(
            self.env.ref("payment_link_onetime.mail_template_receipt"),
            recipient,
            transaction=transaction,
            attachments=self._make_receipt_attachments(transaction),
            model_description=customers_link.env._("Receipt"),
        )
        return {"state": "sent", "recipient": recipient}

    def _make_receipt_attachments(self, transaction):
        """Make the receipt as a PDF, if one can be made. The mail says the same.

        :param payment.transaction transaction: The settled charge.
        :return: Names and contents.
        :rtype: list[tuple]
        """
        report = self.env.ref(
            "payment_link_onetime.action_report_receipt", raise_if_not_found=False
        )
        if not report:
            return []
        reports = self.env["ir.actions.report"].with_context(lang=self._get_page_lang())
        try:
            with self.env.cr.savepoint():
                content, kind = reports._render_qweb_pdf(report, transaction.ids)
        except psycopg2.OperationalError:
            raise  # Somebody else writes the same rows: the job starts over.
        except Exception as error:
            _logger.info(
                "The receipt of %s goes out without its PDF: %s",
                transaction.reference,
                error,
            )
            return []
        name = reports.env._("Receipt %(reference)s", reference=transaction.reference)
        # Without wkhtmltopdf, tests get a web page instead.
        return [(f"{name}.pdf", content)] if kind == "pdf" else []

    # === GETTERS === #

    def _is_going_back(self, transaction):
        """Return whether all of a charge is refunded, or about to be.

        A surplus is, at once, where the company says so: nothing was bought with it.

        :param payment.transaction transaction: The settled charge.
        :rtype: bool
        """
        refunds = transaction.child_transaction_ids.filtered(
            lambda tx: tx.operation == "refund" and tx.state not in ("cancel", "error")
        )
        left = transaction.amount + sum(refunds.mapped("amount"))
        return transaction.currency_id.compare_amounts(left, 0.0) <= 0
