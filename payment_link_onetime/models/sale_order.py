import logging

import psycopg2

from odoo import Command, api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

_logger = logging.getLogger(__name__)


class SaleOrder(models.Model):
    _name = "sale.order"
    _inherit = ["sale.order", "payment.link.document.mixin"]

    _payment_link_field = "sale_order_id"
    _payment_link_due_fields = (
        "amount_total",
        "currency_id",
        "state",
        "transaction_ids",
        "validity_date",
    )
    _payment_link_followed_fields = frozenset(
        {"amount_total", "company_id", "currency_id", "partner_id", "state"}
    )

    payment_link_ids = fields.One2many(
        "payment.link",
        "sale_order_id",
        string="Payment Links",
        groups="payment_link_onetime.group_payment_link_user",
    )

    # === GETTERS === #

    def _payment_link_prepare_values(self):
        """Override of the mixin to snapshot the order's lines and totals."""
        values = super()._payment_link_prepare_values()
        priced_lines = self.order_line.filtered(lambda line: not line.display_type)
        values.update(
            partner_id=self._payment_link_get_customer().id,
            user_id=(self.user_id or self.env.user).id,
            amount_untaxed=self.amount_untaxed,
            amount_tax=self.amount_tax,
            amount_total=self.amount_total,
            line_ids=[
                Command.create(
                    {
                        "sequence": sequence,
                        "name": line.name.split("\n")[0],
                        "quantity": line.product_uom_qty,
                        "amount_untaxed": line.price_subtotal,
                        "amount_tax": line.price_tax,
                        "amount_total": line.price_total,
                    }
                )
                for sequence, line in enumerate(priced_lines)
            ],
        )
        for _parameter, field_name, _cookie in self.env["utm.mixin"].tracking_fields():
            values[field_name] = self[field_name].id
        return values

    def _payment_link_get_customer(self):
        """Override of the mixin: who Odoo's own charges pay for."""
        return self.partner_invoice_id

    def _payment_link_get_title(self):
        """Override of the mixin: an order is known by its number."""
        return self.name

    def _payment_link_get_due_amount(self):
        """Override of the mixin: also less what was paid on the order's invoices."""
        return self._payment_link_get_open_amount()

    def _payment_link_get_unsettled_amount(self):
        """Override of the mixin to leave out what is on its way."""
        return self._payment_link_get_open_amount(only_settled=True)

    def _payment_link_get_open_amount(self, only_settled=False):
        """Return the total less the money, counting every transaction once.

        Odoo's own `amount_paid` knows neither pending money nor refunds.

        :param bool only_settled: Whether money counts only once it is with us.
        :return: The amount in the order's currency.
        :rtype: float
        """
        # In sudo mode because payers have no account.
        transactions_sudo = self.sudo().transaction_ids._get_with_children()
        amounts = transactions_sudo._get_payment_link_amounts()
        taken = amounts["paid"]
        if not only_settled:
            taken += amounts["authorized"] + amounts["pending"]
        # What was refunded through a link is not asked for again by itself, but the
        # order owes it: a new link may ask for it.
        due = self.amount_total - taken + amounts["refunded"]
        due -= self._payment_link_get_invoiced_money(transactions_sudo, only_settled)
        return max(self.currency_id.round(due), 0.0)

    def _payment_link_get_invoiced_money(self, transactions, only_settled):
        """Return what was paid on the order's invoices beside its own transactions.

        By wire, in cash, by credit note, or through links on the invoices.

        :param payment.transaction transactions: The order's own transactions, in sudo.
        :param bool only_settled: Whether money counts only once it is with us.
        :return: The amount in the order's currency.
        :rtype: float
        """
        money = 0.0
        for invoice_sudo in self._payment_link_get_invoices():
            paid = invoice_sudo.amount_total - invoice_sudo.amount_residual
            paid -= invoice_sudo._payment_link_get_reconciled(transactions.payment_id)
            others_sudo = invoice_sudo.transaction_ids - transactions
            paid += invoice_sudo._payment_link_get_unbooked_money(
                only_settled, others_sudo
            )
            money += invoice_sudo._payment_link_get_share(self, paid)
        return money

    def _payment_link_get_invoices(self):
        """Return the posted invoices of the order, in one query.

        :return: The invoices, in sudo.
        :rtype: account.move
        """
        moves_sudo = self.env["account.move"].sudo()  # Payers have no account.
        if self.state != "sale":
            return moves_sudo  # Only confirmed orders are invoiced.
        return moves_sudo.search(
            Domain("invoice_line_ids.sale_line_ids.order_id", "in", self.ids)
            & Domain("move_type", "=", "out_invoice")
            & Domain("state", "=", "posted")
        )

    def _payment_link_get_prepayment_amount(self):
        """Override of the mixin: Odoo's own rule."""
        return self._get_prepayment_required_amount()

    def _payment_link_get_domains(self):
        """Override of the mixin: links on the invoices ask for the same money."""
        return [
            *super()._payment_link_get_domains(),
            Domain("invoice_ids.line_ids.sale_line_ids.order_id", "in", self.ids),
        ]

    def _payment_link_get_family(self):
        """Override of the mixin: links on the invoices ask for the same money."""
        return [*super()._payment_link_get_family(), self._payment_link_get_invoices()]

    def _payment_link_get_total_amount(self):
        """Override of the mixin."""
        return self.amount_total

    def _payment_link_is_cancelled(self):
        """Override of the mixin."""
        return self.state == "cancel"

    def _payment_link_get_closed_state(self, link):
        """Override of the mixin: a lapsed quote takes no money."""
        if self.state != "cancel" and self.is_expired:
            return "expired"
        return super()._payment_link_get_closed_state(link)

    def _payment_link_get_transaction_values(self):
        """Override of the mixin: by this, Odoo confirms the order when it is paid, and
        reconciles what was invoiced already. Later invoices reconcile by themselves."""
        invoices_sudo = self._payment_link_get_invoices().filtered("amount_residual")
        return {
            "sale_order_ids": [Command.set(self.ids)],
            "invoice_ids": [Command.set(invoices_sudo.ids)],
        }

    def _payment_link_get_providers_kwargs(self):
        """Override of the mixin: as in Odoo's own portal."""
        return {"sale_order_id": self.id}

    def _payment_link_on_sent(self, link):
        """Override of the mixin: who got the link got the quotation."""
        self.filtered(lambda order: order.state == "draft").action_quotation_sent()

    # === BUSINESS METHODS === #

    def _payment_link_check(self):  # pylint: disable=missing-return
        """Override of the mixin.

        :raises UserError: for a cancelled order.
        """
        super()._payment_link_check()
        for order in self:
            if order.state == "cancel":
                raise UserError(
                    self.env._(
                        "%(order)s is cancelled. Set it to quotation before you send a"
                        " payment link.",
                        order=order.display_name,
                    )
                )

    def _payment_link_render_pdfs(self):
        """Override of the mixin: the quotation, or the order."""
        report = self.env.ref("sale.action_report_saleorder")
        return [
            (
                f"{order._get_report_base_filename()}.pdf",
                order._payment_link_render_report(report),
            )
            for order in self
        ]

    def _send_order_notification_mail(self, mail_template, **kwargs):
        """Override of `sale` to leave the mails of link payments to a job.

        Odoo makes them, with a PDF, in the transaction that books the payment, unless
        `sale.async_emails` is set: where no PDF can be made, nothing is booked.
        """
        defer = kwargs.get("allow_deferred_sending", True) and self.env.context.get(
            "payment_link_defer_mails"
        )
        odoo_cron = self.env.ref(
            "sale.send_pending_emails_cron", raise_if_not_found=False
        )
        is_deferred_by_odoo = odoo_cron and odoo_cron.sudo().active
        if not (defer and mail_template) or is_deferred_by_odoo:
            return super()._send_order_notification_mail(mail_template, **kwargs)
        self.pending_email_template_id = mail_template
        cron_sudo = self.env.ref("payment_link_onetime.cron_send_order_mails").sudo()
        cron_sudo._trigger()
        return None

    @api.model
    def _cron_send_payment_link_mails(self):
        """Send the order mails that were deferred, without the PDF if there is none.

        :return: None
        """
        cron = self.env["ir.cron"]
        orders = self.search([("pending_email_template_id", "!=", False)])
        cron._commit_progress(remaining=len(orders))
        for order in orders.try_lock_for_update():
            order[:1]._send_payment_link_mail()  # Every commit empties the cache.
            if not cron._commit_progress(1):
                break

    def _send_payment_link_mail(self):
        """Send the deferred mail of an order, without the PDF if none can be made.

        A mail that cannot be written is given up, as others wait behind it: the order
        says so, and can be sent by hand.

        :return: None
        """
        self.ensure_one()
        template = self.pending_email_template_id
        self.pending_email_template_id = False
        for with_report in (True, False):
            order = self.with_context(payment_link_without_report=not with_report)
            try:
                with self.env.cr.savepoint():
                    order._send_order_notification_mail(
                        template, allow_deferred_sending=False
                    )
            except UserError as error:
                outcome = "goes out without its PDF" if with_report else "stays unsent"
                _logger.info("The mail of %s %s: %s", self.name, outcome, error)
            except psycopg2.OperationalError:
                raise  # Somebody else writes the same rows: the job starts over.
            except Exception:
                _logger.exception("The mail of %s failed", self.name)
            else:
                # Jobs of Odoo's leave their mails in the queue, for up to an hour.
                self.env.ref("mail.ir_cron_mail_scheduler_action")._trigger()
                return
        self._message_log(
            body=self.env._(
                "A payment was booked, but the e-mail %(template)s could not be"
                " written. Please check the template and send it by hand.",
                template=template.display_name,
            )
        )
