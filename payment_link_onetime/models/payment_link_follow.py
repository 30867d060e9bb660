from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..const import RECORDED_FIELDS


class PaymentLink(models.Model):
    """How an open link follows the document that it asks money for.

    Documents call it before a transaction that changes them is committed, see
    `payment.link.document.mixin`.
    """

    _inherit = "payment.link"

    document_amount = fields.Monetary(
        string="Total of the Document",
        readonly=True,
        help="As it was when the link was created. A document whose total has changed"
        " since takes no money through the link.",
    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Override to show visitors of the document's closed links the way to the new
        one."""
        links = super().create(vals_list)
        links._succeed_closed_links()
        return links

    # === BUSINESS METHODS === #

    @api.model
    def _complete_create_values(self, vals):
        """Override to remember what the document was worth."""
        vals = super()._complete_create_values(vals)
        if document := self._get_document_from_values(vals):
            vals["document_amount"] = document._payment_link_get_total_amount()
        return vals

    def _lock_to_follow(self):
        """Let nobody start a payment on the links until the transaction ends.

        The rows are written, not only locked, even if nothing about them changes: a
        payer who waited for one would go on with what the document owed before. Where
        the payer was first, PostgreSQL refuses the document's change, and Odoo makes
        it again.
        """
        self.env.cr.execute(
            SQL(
                "UPDATE %(table)s SET write_uid = write_uid WHERE id IN"
                " (SELECT id FROM %(table)s WHERE id IN %(ids)s"
                " ORDER BY id FOR NO KEY UPDATE)",
                table=SQL.identifier(self._table),
                ids=self._ids,
            ),
            log_exceptions=False,
        )
        self.invalidate_recordset(RECORDED_FIELDS)

    def _follow_document(self):
        """Close the link if its document wants no more money through it.

        What is on its way is still taken and booked.
        """
        self.ensure_one()
        reason = self._get_document()._payment_link_get_close_reason(self)
        if not reason:
            return
        is_own_money = self.currency_id.compare_amounts(self.amount_paid, 0.0) > 0
        if reason == "settled_elsewhere" and is_own_money:
            # The link took its part, and nothing is left to ask for.
            self._set_payment_status(self._get_expected_payment_status())
            self._set_state("completed")
        else:
            self._set_state("cancelled", close_reason=reason)

    def _supersede_newest(self, owed):
        """Close the newest links until the others ask for no more than is owed.

        One is left in any case: it asks for less than its amount by itself. A link that
        somebody is paying at this moment is closed last.

        :param float owed: What may be asked for, in the links' currency.
        """
        links = self.sorted(lambda link: (link._is_claimed_by_other(None), -link.id))
        currency = links.currency_id[:1]
        while len(links) > 1 and (
            currency.compare_amounts(sum(links.mapped("amount_due")), owed) > 0
        ):
            link, links = links[0], links[1:]
            link._set_state("cancelled", close_reason="superseded")
            link._store({"replaced_by_id": links[-1].id})

    def _succeed_closed_links(self):
        """Become what closed links of the same documents refer their visitors to."""
        for field_name in self._get_document_fields():
            link_by_document = {
                document: link for link in self for document in link[field_name]
            }
            if link_by_document:
                self._succeed_closed_links_of(field_name, link_by_document)

    def _succeed_closed_links_of(self, field_name, link_by_document):
        """Become what closed links refer their visitors to.

        :param str field_name: The field that points to the documents.
        :param dict link_by_document: The new link of each document.
        """
        # In sudo mode because other users' links may be among them.
        closed_links_sudo = self.sudo().search(
            Domain(field_name, "in", [document.id for document in link_by_document])
            & Domain("close_reason", "in", ("superseded", "document_cancelled"))
            & Domain("replaced_by_id", "=", False)
            & Domain("id", "not in", self.ids)
        )
        for closed_link in closed_links_sudo:
            link = next(
                link_by_document[document]
                for document in closed_link[field_name].with_env(self.env)
                if document in link_by_document
            )
            # Who was the customer before has no business with the new link.
            customer = link.partner_id.commercial_partner_id
            if closed_link.partner_id.commercial_partner_id == customer:
                closed_link._store({"replaced_by_id": link.id})

    # === GETTERS === #

    def _get_replacement(self):
        """Return the open link to which a visitor of a closed one may go on.

        Who has the address of a link that was reissued may be the reason for that, and
        finds no way to the new one.

        :return: The link, or an empty recordset.
        :rtype: payment.link
        """
        self.ensure_one()
        link = self
        while link.replaced_by_id and link.close_reason != "reissued":
            link = link.replaced_by_id
        is_payable = link != self and link._get_page_state() in ("open", "busy")
        return link if is_payable else self.browse()

    def _is_document_settled(self):
        """Return whether nothing is left to pay on the link's document.

        One that is cancelled or worked on owes nothing now, and is not settled.

        :rtype: bool
        """
        self.ensure_one()
        document = self._get_document()
        if (
            not document
            or document._payment_link_is_cancelled()
            or document._payment_link_is_paused()
        ):
            return False
        unsettled = document._payment_link_get_unsettled_amount()
        return self.currency_id.compare_amounts(unsettled, 0.0) <= 0
