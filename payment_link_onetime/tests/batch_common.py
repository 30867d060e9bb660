from .document_common import PaymentLinkDocumentCommon


class PaymentLinkBatchCommon(PaymentLinkDocumentCommon):
    """Bulk sendings, and the job that does them."""

    logger = "odoo.addons.payment_link_onetime.models.payment_link_batch_send"

    @classmethod
    def _create_partner(cls, name, **values):
        return cls.env["res.partner"].create(
            {"name": name, "email": f"{name.lower()}@example.com", **values}
        )

    @classmethod
    def _create_invoices(cls, count):
        """Create posted invoices of one customer over 100.00, 101.00, ..."""
        invoices = cls.env["account.move"].concat(
            *(cls._create_invoice(100.0 + number) for number in range(count))
        )
        return invoices

    def _queue(self, records, user=None, **values):
        """Queue a bulk sending, by e-mail if nothing else is said."""
        batches = self.env["payment.link.batch"].with_user(user or self.env.user)
        records = records.with_env(batches.env)
        batch = batches._queue(records, **{"channels": ["email"], **values})
        return batch.with_env(self.env)

    def _send(self, records, **values):
        """Queue a bulk sending, and run the job."""
        batch = self._queue(records, **values)
        self._run_job("payment_link_onetime.cron_send_batches")
        return batch

    def _find_mails(self, links):
        """Return the mails with which links go out."""
        return (
            self.env["mail.mail"]
            .sudo()
            .search([("model", "=", "payment.link"), ("res_id", "in", links.ids)])
        )

    def _count_mails(self, links):
        return len(self._find_mails(links))
