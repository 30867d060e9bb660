from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools import before_commit


class PaymentLinkDocumentMixin(models.AbstractModel):
    """What a document tells its payment links.

    To give another model payment links, inherit from this model, name the field of
    `payment.link` that points to it in `_payment_link_field`, and answer the methods
    under "GETTERS". Documents have `company_id`, `currency_id` and `partner_id`.
    """

    _name = "payment.link.document.mixin"
    _description = "Document with Payment Links"

    _payment_link_field = None

    # What "GETTERS" read when somebody pays, so that it is read in one narrow query.
    _payment_link_due_fields = ()

    # Stored fields whose change may close the document's open links.
    _payment_link_followed_fields = frozenset()

    payment_link_count = fields.Integer(
        compute="_compute_payment_link_count",
        groups="payment_link_onetime.group_payment_link_user",
    )
    is_payment_link_payable = fields.Boolean(
        compute="_compute_is_payment_link_payable",
        groups="payment_link_onetime.group_payment_link_user",
        help="Whether a payment link on the document could be paid now.",
    )

    # === COMPUTE METHODS === #

    def _compute_payment_link_count(self):
        field_name = self._payment_link_field
        counts = dict(
            self.env["payment.link"]._read_group(
                [(field_name, "in", self.ids)], [field_name], ["__count"]
            )
        )
        for document in self:
            document.payment_link_count = counts.get(document, 0)

    def _compute_is_payment_link_payable(self):
        no_link = self.env["payment.link"]
        for document in self:
            closed_state = document._payment_link_get_closed_state(no_link)
            document.is_payment_link_payable = not closed_state

    # === CRUD METHODS === #

    def _write_multi(self, vals_list):  # pylint: disable=missing-return
        """Override of `base` to let open links follow, however a document changes.

        All that is stored passes here, computed fields as well. Nothing is read until
        the transaction is committed, and then once for all documents.
        """
        super()._write_multi(vals_list)
        followed = self._payment_link_followed_fields
        changed_ids = [
            record_id
            for record_id, vals in zip(self._ids, vals_list, strict=True)
            if not followed.isdisjoint(vals)
        ]
        if changed_ids:
            before_commit(self.browse(changed_ids), "_payment_link_follow")

    @api.ondelete(at_uninstall=False)
    def _unlink_without_payment_links(self):
        links_sudo = (
            self.env["payment.link"]
            .sudo()  # Other users' links count as well.
            .search([(self._payment_link_field, "in", self.ids)], limit=1)
        )
        if links_sudo:
            raise UserError(
                self.env._(
                    "The payment link %(reference)s was made for this. What a payment"
                    " link was for is kept: cancel or archive it instead of deleting"
                    " it.",
                    reference=links_sudo.reference,
                )
            )

    # === ACTION METHODS === #

    def action_send_payment_link(self):
        """Open the dialog that sends a payment link for the document.

        :return: The window action.
        :rtype: dict
        :raises UserError: if the documents cannot be asked for.
        """
        self._payment_link_check()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Send Payment Link"),
            "res_model": "payment.link.send",
            "view_mode": "form",
            "target": "new",
            "context": {
                **self.env.context,
                "active_model": self._name,
                "active_id": self[:1].id,
                "active_ids": self.ids,
            },
        }

    def action_view_payment_links(self):
        """Open the payment links of the documents.

        :return: The window action.
        :rtype: dict
        """
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "payment_link_onetime.action_payment_link"
        )
        links = self.env["payment.link"].search(
            [(self._payment_link_field, "in", self.ids)]
        )
        action["domain"] = [("id", "in", links.ids)]
        action["context"] = {}
        if len(links) == 1:
            action.update(
                res_id=links.id,
                views=[(False, "form")],
            )
        return action

    # === BUSINESS METHODS === #

    def _payment_link_check(self):
        """Refuse documents for which no link can be made, together.

        Override to refuse what is not ready to be paid.

        :raises UserError: saying what is wrong and what to do.
        """

    def _payment_link_follow(self):
        """Let the open links of the documents follow what the documents have become.

        Called before the transaction that changed them is committed.

        :return: None
        """
        links = self._payment_link_find_open_links()
        if not links:
            return
        links._lock_to_follow()
        for link in links:
            link._follow_document()
        open_links = links.filtered(lambda link: link.state == "open")
        for field_name in open_links._get_document_fields():
            if documents := open_links[field_name]:
                documents._payment_link_fit()

    def _payment_link_fit(self):
        """Close links where several ask together for more than the documents owe."""
        for document in self:
            links = document._payment_link_get_open_links()
            links._supersede_newest(document._payment_link_get_owed_amount())

    def _payment_link_find_open_links(self):
        """Return, in one query, the open links that a change of the documents is about.

        :return: The links, in sudo.
        :rtype: payment.link
        """
        links_sudo = self.env["payment.link"].sudo()
        return self._payment_link_search_open_links(links_sudo).sorted("id")

    def _payment_link_search_open_links(self, links):
        """Return, in one query, the links that are open and ask for the same money.

        With an `OR` instead of the `UNION` no index would be used, and each link would
        take the longer, the more of them there are.

        :param payment.link links: In whose environment to search.
        :return: The links, in the order of their model.
        :rtype: payment.link
        """
        queries = [
            links._search(domain & Domain("state", "=", "open")).select()
            for domain in self._payment_link_get_domains()
        ]
        rows = links.env.execute_query(SQL(" UNION ").join(queries))
        return links.browse(sorted((row[0] for row in rows), reverse=True))

    def _payment_link_render_pdfs(self):
        """Render the documents as the customer gets them on paper, by Odoo's reports.

        Override for a model that has such a report.

        :return: Their file names, and the PDFs.
        :rtype: list[tuple[str, bytes]]
        :raises UserError: if no PDF can be made, saying why.
        """
        return []

    def _payment_link_render_report(self, report):
        """Render a report of one document as a PDF.

        :param ir.actions.report report: The report.
        :return: The PDF.
        :rtype: bytes
        :raises UserError: if none can be made, saying why.
        """
        self.ensure_one()
        content, report_type = (
            self.env["ir.actions.report"]
            .with_context(report_pdf_no_attachment=True)
            ._render_qweb_pdf(report, self.ids)
        )
        if report_type != "pdf":
            raise UserError(self.env._("Odoo makes no PDFs at the moment."))
        return content

    # === GETTERS === #

    def _payment_link_get_domains(self):
        """Return which links ask for the money that the documents owe.

        Override if other documents' links ask for the same money.

        :return: The domains, of which each can use an index of its own.
        :rtype: list[Domain]
        """
        return [Domain(self._payment_link_field, "in", self.ids)]

    def _payment_link_get_family(self):
        """Return the documents whose links ask for the same money, these included.

        :return: Recordsets of one model each, always in the same order: they are locked
            in it.
        :rtype: list
        """
        return [self]

    def _payment_link_get_view_action(self):
        """Return how a user opens the documents.

        :return: The window action.
        :rtype: dict
        """
        if len(self) == 1:
            return self.get_formview_action()
        return {
            "type": "ir.actions.act_window",
            "name": self.env["ir.model"]._get(self._name).name,
            "res_model": self._name,
            "view_mode": "list,form",
            "domain": [("id", "in", self.ids)],
        }

    def _payment_link_prepare_values(self):
        """Return what a link on the document asks for, as values of `payment.link`.

        Override to snapshot the document's lines and totals: later edits of the
        document do not touch them.

        :rtype: dict
        """
        return {
            self._payment_link_field: self.id,
            "company_id": self.company_id.id or self.env.company.id,
            "currency_id": self.currency_id.id,
            "partner_id": self.partner_id.id,
        }

    def _payment_link_get_title(self):
        """Return what the customer knows the document by; links take it as reference.

        :rtype: str
        """
        return ", ".join(self.mapped("display_name"))

    def _payment_link_get_due_amount(self):
        """Return what the document owes beside all money that is with us or on its way.

        Payments that did not come through a link count as well.

        :return: The amount in the document's currency, zero for a model that owes
            nothing by itself.
        :rtype: float
        """
        return 0.0

    def _payment_link_get_owed_amount(self):
        """Return what links may ask for: what is due, discounts aside.

        :return: The amount in the document's currency.
        :rtype: float
        """
        return self._payment_link_get_due_amount()

    def _payment_link_get_unsettled_amount(self):
        """Return what is left to pay once the money that is with us is counted.

        Unlike what is due, it counts no money that is on its way: that may not arrive.

        :return: The amount in the document's currency.
        :rtype: float
        """
        return self._payment_link_get_due_amount()

    def _payment_link_get_total_amount(self):
        """Return what the document is worth, whatever was paid.

        :return: The amount in the document's currency.
        :rtype: float
        """
        return 0.0

    def _payment_link_get_installment_amount(self):
        """Return what is due first: what is overdue, or else the next instalment.

        :return: The amount in the document's currency, zero if nothing is due in parts.
        :rtype: float
        """
        return 0.0

    def _payment_link_get_discount_text(self):
        """Return in words which discount the customer has by paying soon.

        :return: The text, empty if there is none.
        :rtype: str
        """
        return ""

    def _payment_link_get_prepayment_amount(self):
        """Return the prepayment that Odoo asks for on the document.

        :return: The amount in the document's currency, zero if there is none.
        :rtype: float
        """
        return 0.0

    def _payment_link_get_available_amount(self):
        """Return what another link may ask for: what is due beside the open links.

        :return: The amount in the document's currency.
        :rtype: float
        """
        # Links that the user may not see ask for the document's money as well.
        links_sudo = self.sudo()._payment_link_get_open_links()
        asked = sum(links_sudo.mapped("amount_due"))
        available = self._payment_link_get_owed_amount() - asked
        return max(self.currency_id.round(available), 0.0)

    def _payment_link_lock(self):
        """Let nobody else make a link on the documents until the transaction ends.

        The rows are written, not only locked: whoever waited for them looks again with
        what is true then.
        """
        for documents in self._payment_link_get_family():
            if documents:
                self.env.cr.execute(
                    SQL(
                        "UPDATE %s SET write_uid = write_uid WHERE id IN %s",
                        SQL.identifier(documents._table),
                        documents._ids,
                    )
                )

    def _payment_link_get_open_links(self):
        """Return the links on the document that take money at this moment.

        :rtype: payment.link
        """
        links = self._payment_link_search_open_links(self.env["payment.link"])
        return links.filtered(lambda link: not link._is_expired())

    def _payment_link_is_cancelled(self):
        """Return whether the document is cancelled, for good or until it is reset.

        :rtype: bool
        """
        return False

    def _payment_link_is_paused(self):
        """Return whether the document is being worked on, and takes no money meanwhile.

        :rtype: bool
        """
        return False

    def _payment_link_is_changed(self, link):
        """Return whether the document is worth something else than the link says.

        :param payment.link link: A link on the document.
        :rtype: bool
        """
        currency = self.currency_id[:1]
        return self.currency_id != link.currency_id or (
            currency.compare_amounts(
                self._payment_link_get_total_amount(), link.document_amount
            )
            != 0
        )

    def _payment_link_get_close_reason(self, link):
        """Return why the document will take no more money through the link.

        :param payment.link link: An open link on the document.
        :return: A value of the link's `close_reason`, or `None` to leave it open.
        :rtype: str|None
        """
        customer = self.partner_id.commercial_partner_id
        if (
            self._payment_link_is_cancelled()
            or self.company_id != link.company_id
            or customer != link.partner_id.commercial_partner_id
        ):
            return "document_cancelled"
        if self._payment_link_is_paused():
            return None
        if link._is_document_settled():
            return "settled_elsewhere"
        return "superseded" if self._payment_link_is_changed(link) else None

    def _payment_link_get_closed_state(self, link):
        """Return why the document takes no money through the link now.

        :param payment.link link: A link on the document, or none.
        :return: `completed`, `processing` (money is on its way, by another door),
            `cancelled`, `superseded`, `expired`, `paused`, or `None` if it does take
            money.
        :rtype: str|None
        """
        if self._payment_link_is_cancelled():
            return "cancelled"
        if self._payment_link_is_paused():
            return "paused"
        if link and self._payment_link_is_changed(link):
            return "superseded"
        currency = self.currency_id[:1]
        if currency.compare_amounts(self._payment_link_get_due_amount(), 0.0) > 0:
            return None
        unsettled = self._payment_link_get_unsettled_amount()
        is_settled = currency.compare_amounts(unsettled, 0.0) <= 0
        return "completed" if is_settled else "processing"

    def _payment_link_get_transaction_values(self):
        """Return the values by which Odoo knows that a transaction pays the document.

        :return: The values for `payment.transaction`.
        :rtype: dict
        """
        return {}

    def _payment_link_on_sent(self, link):
        """React to a link that was sent to the customer.

        :param payment.link link: The link.
        """

    @api.model
    def _payment_link_get_providers_kwargs(self):
        """Return what modules read when they filter the providers for the document.

        :return: Keyword arguments for `_get_compatible_providers`.
        :rtype: dict
        """
        return {}
