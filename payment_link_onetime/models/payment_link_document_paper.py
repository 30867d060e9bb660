import logging

from odoo import models
from odoo.exceptions import UserError

_logger = logging.getLogger(__name__)


class PaymentLinkDocumentMixin(models.AbstractModel):
    """The QR code on a document's PDF.

    Making the PDF only reads: it is done again and again, by readers, on replicas, in
    requests that Odoo repeats. The link is made before that, when a person or a job
    sends the document (:meth:`_payment_link_prepare_paper`).
    """

    _inherit = "payment.link.document.mixin"

    # The field of `res.company` that says whether the code is printed.
    _payment_link_paper_switch = None

    # === BUSINESS METHODS === #

    def _payment_link_prepare_paper(self):
        """Make a link for each document whose PDF shall have a QR code and has none.

        A document that cannot be paid now is sent without.
        """
        for document_sudo in self.sudo():  # The company decided it, not who sends.
            if (
                not document_sudo._payment_link_is_on_paper()
                or document_sudo._payment_link_get_paper_link()
            ):
                continue
            try:
                with self.env.cr.savepoint():
                    document_sudo._payment_link_create_paper_link()
            except UserError as error:
                _logger.info("No QR code on %s: %s", document_sudo, error)

    def _payment_link_create_paper_link(self):
        """Make the link whose QR code the document's PDF shows.

        :return: The link, or an empty recordset if nothing is left to ask for.
        :rtype: payment.link
        :raises UserError: if the document cannot be paid.
        """
        self.ensure_one()
        self._payment_link_check()
        links = self.env["payment.link"]
        amount = self._payment_link_get_paper_amount()
        if self._payment_link_get_closed_state(links) or self.currency_id.is_zero(
            amount
        ):
            return links
        values = {self._payment_link_field: self.ids, "amount": amount}
        if links._fields[self._payment_link_field].type == "many2one":
            values[self._payment_link_field] = self.id
        expiry = self.company_id._get_payment_link_expiry()
        deadline = self._payment_link_get_deadline()
        if expiry and deadline:
            # What is on paper must not end before the paper says that it is due.
            end = self.company_id._get_payment_link_end_of_day(deadline)
            values["expires_at"] = max(expiry, end)
        return links.create(values)

    # === GETTERS === #

    def _payment_link_is_on_paper(self):
        """Return whether the document's company prints QR codes on such documents.

        :rtype: bool
        """
        self.ensure_one()
        switch = self._payment_link_paper_switch
        return bool(switch and self.company_id[switch])

    def _payment_link_get_paper_amount(self):
        """Return what a link that is made for the document's PDF asks for.

        :return: The amount in the document's currency.
        :rtype: float
        """
        return self._payment_link_get_available_amount()

    def _payment_link_get_deadline(self):
        """Return until when the document itself asks to be paid.

        :return: The day, or `False` if it says none.
        :rtype: date|bool
        """
        return False

    def _payment_link_get_paper_link(self):
        """Return the link whose QR code is on the document's PDF.

        The newest one that can be paid now and asks for no more than this document
        owes: one for several invoices would surprise whoever reads only one. The
        document's own come before those that ask for the same money, as the links of
        an order do on its invoice.

        :return: The link, in sudo, empty if the PDF shows none.
        :rtype: payment.link
        """
        self.ensure_one()
        # Whoever may read the document may pay it.
        document_sudo = self.sudo()
        links_sudo = self.env["payment.link"].sudo()
        if not document_sudo._payment_link_is_on_paper():
            return links_sudo
        due = document_sudo._payment_link_get_due_amount()
        compare = document_sudo.currency_id.compare_amounts
        for link_sudo in document_sudo._payment_link_get_open_links():
            amount = link_sudo._get_amount_to_pay()
            if (
                link_sudo._get_page_state() == "open"
                and compare(amount, 0.0) > 0
                and compare(amount, due) <= 0
            ):
                links_sudo |= link_sudo
        return links_sudo.sorted(
            lambda link: (link._get_document() == document_sudo, link.id), reverse=True
        )[:1]
