from odoo import Command, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain


class AccountMove(models.Model):
    _name = "account.move"
    _inherit = ["account.move", "payment.link.document.mixin"]

    _payment_link_field = "invoice_ids"
    _payment_link_followed_fields = frozenset(
        {"amount_residual", "amount_total", "currency_id", "partner_id", "state"}
    )

    payment_link_ids = fields.Many2many(
        "payment.link",
        "payment_link_invoice_rel",
        "invoice_id",
        "link_id",
        string="Payment Links",
        copy=False,
        groups="payment_link_onetime.group_payment_link_user",
    )

    # === BUSINESS METHODS === #

    def _payment_link_check(self):  # pylint: disable=missing-return
        """Override of the mixin: one customer's open invoices, in one currency.

        :raises UserError: saying which invoices don't fit, and what to do.
        """
        super()._payment_link_check()
        not_invoices = self.filtered(lambda move: move.move_type != "out_invoice")
        if not_invoices:
            raise UserError(
                self.env._(
                    "Payment links are for customer invoices. These are none: %(names)s.",
                    names=", ".join(not_invoices.mapped("display_name")),
                )
            )
        if drafts := self.filtered(lambda move: move.state == "draft"):
            raise UserError(
                self.env._(
                    "Confirm these invoices before you send a payment link: %(names)s.",
                    names=", ".join(drafts.mapped("display_name")),
                )
            )
        if cancelled := self.filtered(lambda move: move.state == "cancel"):
            raise UserError(
                self.env._(
                    "These invoices are cancelled, and cannot be paid: %(names)s.",
                    names=", ".join(cancelled.mapped("display_name")),
                )
            )
        if paid := self.filtered(
            lambda move: move.currency_id.is_zero(move._payment_link_get_owed_amount())
        ):
            raise UserError(
                self.env._(
                    "Nothing is due on these invoices: %(names)s. They are paid, or a"
                    " payment is on its way.",
                    names=", ".join(paid.mapped("display_name")),
                )
            )
        self._payment_link_check_together()

    def _payment_link_check_together(self):
        """Refuse invoices that one payment cannot pay.

        :raises UserError: saying in what they differ.
        """
        term_lines = self.line_ids.filtered(
            lambda line: line.display_type == "payment_term"
        )
        differences = [
            (self.company_id, self.env._("companies")),
            (self.partner_id.commercial_partner_id, self.env._("customers")),
            (self.currency_id, self.env._("currencies")),
            # Odoo books a payment on one account, and reconciles what is on it.
            (term_lines.account_id, self.env._("receivable accounts")),
        ]
        for records, what in differences:
            if len(records) > 1:
                raise UserError(
                    self.env._(
                        "One payment link cannot be for invoices of different"
                        " %(what)s: %(names)s. Send a link for each of them.",
                        what=what,
                        names=", ".join(records.mapped("display_name")),
                    )
                )

    def _payment_link_fit(self):
        """Override of the mixin: links may share some of their invoices."""
        moves, links = self, self.env["payment.link"]
        while moves:
            links |= moves.sudo()._payment_link_get_open_links().filtered("invoice_ids")
            moves, known = links.invoice_ids, moves
            if moves == known:
                break
        group_by_invoice = {}
        for link in links:
            group = link.union(
                *(
                    group_by_invoice.get(move, links.browse())
                    for move in link.invoice_ids
                )
            )
            group_by_invoice.update(dict.fromkeys(group.invoice_ids, group))
        for group in set(group_by_invoice.values()):
            # A draft owes nothing yet: its links wait for what becomes of it.
            if not group.invoice_ids._payment_link_is_paused():
                owed = group.invoice_ids._payment_link_get_owed_amount()
                group._supersede_newest(owed)

    def _payment_link_render_pdfs(self):
        """Override of the mixin: the PDF that was sent before, or Odoo's report."""
        pdfs = []
        for move in self:
            document = move._get_invoice_legal_documents("pdf")
            if document:
                pdfs.append((document["filename"], document["content"]))
                continue
            report = move.partner_id.invoice_template_pdf_report_id
            report = report or self.env.ref("account.account_invoices")
            name = move._get_invoice_report_filename(report=report)
            pdfs.append((name, move._payment_link_render_report(report)))
        return pdfs

    def _post(self, soft=True):
        """Override of `account` to reconcile with what was captured in parts.

        Where a link's charge was booked while the invoice was worked on, Odoo looks for
        the payment of the charge, and not of its captures.
        """
        posted = super()._post(soft)
        for invoice in posted:
            # In sudo mode because who posts invoices may not see transactions.
            charges_sudo = invoice.sudo().transaction_ids.filtered("payment_link_id")
            payments_sudo = charges_sudo.child_transaction_ids.filtered(
                lambda tx: (
                    tx.operation != "refund" and tx.payment_id.state == "in_process"
                )
            ).payment_id
            for line in payments_sudo.move_id.line_ids:
                is_receivable = line.account_type == "asset_receivable"
                if is_receivable and not line.reconciled:
                    invoice.js_assign_outstanding_line(line.id)
        return posted

    # === GETTERS === #

    def _payment_link_get_domains(self):
        """Override of the mixin: links on the orders ask for the same money."""
        order_field = "sale_order_id.order_line.invoice_lines.move_id"
        return [
            *super()._payment_link_get_domains(),
            Domain(order_field, "in", self.ids),
        ]

    def _payment_link_get_family(self):
        """Override of the mixin: links on the orders ask for the same money."""
        orders_sudo = self.sudo().line_ids.sale_line_ids.order_id
        return [orders_sudo, *super()._payment_link_get_family()]

    def _payment_link_prepare_values(self):
        """Override of the mixin to snapshot the invoices' lines and totals."""
        first = self[:1]
        # In the order of the title.
        lines = self.sorted(lambda move: move.name or "").invoice_line_ids.filtered(
            lambda line: line.display_type == "product"
        )
        return {
            **super(AccountMove, first)._payment_link_prepare_values(),
            "partner_id": self._payment_link_get_customer().id,
            "invoice_ids": [Command.set(self.ids)],
            "user_id": (first.invoice_user_id or self.env.user).id,
            "amount_untaxed": sum(self.mapped("amount_untaxed")),
            "amount_tax": sum(self.mapped("amount_tax")),
            "amount_total": sum(self.mapped("amount_total")),
            "line_ids": [
                Command.create(
                    {
                        "sequence": sequence,
                        "name": (line.name or line.product_id.name or "/").split("\n")[
                            0
                        ],
                        # Of several invoices, the payer reads which one it is.
                        "description": len(self) > 1 and line.move_id.name,
                        "quantity": line.quantity,
                        "amount_untaxed": line.price_subtotal,
                        "amount_tax": line.price_total - line.price_subtotal,
                        "amount_total": line.price_total,
                    }
                )
                for sequence, line in enumerate(lines)
            ],
        }

    def _payment_link_get_title(self):
        """Override of the mixin: an invoice is known by its number."""
        return ", ".join(self.filtered("name").sorted("name").mapped("name"))

    def _payment_link_is_cancelled(self):
        """Override of the mixin: as long as one of the invoices is not."""
        return all(move.state == "cancel" for move in self)

    def _payment_link_is_paused(self):
        """Override of the mixin: a draft may become another amount, or the same."""
        return any(move.state == "draft" for move in self)

    def _payment_link_get_transaction_values(self):
        """Override of the mixin: by this, Odoo reconciles the invoices."""
        return {"invoice_ids": [Command.set(self.ids)]}

    def _payment_link_get_providers_kwargs(self):
        """Override of the mixin: as in Odoo's own portal."""
        return {"invoice_id": self[:1].id}

    def _get_invoice_next_payment_values(self, custom_amount=None):
        """Override of `account` for the booking of a link's payment.

        What Odoo writes off for an early payment discount there leaves out all but the
        first tax, and knows only one invoice. The link's transaction does it itself.
        """
        values = super()._get_invoice_next_payment_values(custom_amount=custom_amount)
        if self.env.context.get("payment_link_discount_is_booked"):
            values = {**values, "installment_state": None}
        return values
