from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tests import Form

from .common import PaymentLinkCommon


class PaymentLinkDocumentCommon(PaymentLinkCommon):
    """Invoices beside the quote, and what else happens to documents."""

    @classmethod
    def _create_invoice(cls, amount=100.0, post=True, **values):
        """Create a posted customer invoice without taxes."""
        line = {"product_id": cls.product.id, "price_unit": amount}
        invoice = cls.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": cls.customer.id,
                "company_id": cls.company.id,
                "invoice_date": fields.Date.today(),
                "invoice_line_ids": [
                    Command.create({**line, "tax_ids": [Command.clear()]})
                ],
                **values,
            }
        )
        if post:
            invoice.action_post()
        return invoice

    @classmethod
    def _create_invoice_link(cls, invoices, **values):
        return cls.env["payment.link"].create(
            {"invoice_ids": [Command.set(invoices.ids)], **values}
        )

    @classmethod
    def _invoice_order(cls):
        """Confirm the quote and invoice all of it."""
        cls.order.action_confirm()
        cls.order.order_line.qty_delivered = cls.order.order_line.product_uom_qty
        invoice = cls.order._create_invoices()
        invoice.action_post()
        return invoice

    @classmethod
    def _create_payment_term(cls, *days):
        """Create payment terms in equal parts, each due after some days."""
        return cls.env["account.payment.term"].create(
            {
                "name": "In parts",
                "line_ids": [
                    Command.create(
                        {
                            "value": "percent",
                            "value_amount": 100.0 / len(days),
                            "nb_days": number,
                        }
                    )
                    for number in days
                ],
            }
        )

    @classmethod
    def _create_discount_term(cls, computation="included"):
        """Create payment terms with 2 % discount within ten days."""
        return cls.env["account.payment.term"].create(
            {
                "name": "2/10 net 30",
                "early_discount": True,
                "discount_percentage": 2.0,
                "discount_days": 10,
                "early_pay_discount_computation": computation,
                "line_ids": [
                    Command.create(
                        {"value": "percent", "value_amount": 100.0, "nb_days": 30}
                    )
                ],
            }
        )

    @classmethod
    def _commit(cls):
        """Do what every commit does first."""
        cls.env.flush_all()
        cls.env.cr.flush()

    @classmethod
    def _pay_by_wire(cls, invoices, amount=None):
        """Register a payment that came past all links, and commit it."""
        wizard = cls.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoices.ids
        )
        values = {"payment_date": fields.Date.today(), "group_payment": True}
        if amount is not None:
            values["amount"] = amount
        wizard.create(values)._create_payments()
        cls._commit()

    def _pay_at_odoos_door(self, amount, document, state="done"):
        """Pay a document at Odoo's own portal, and commit it."""
        field_name = {"sale.order": "sale_order_ids", "account.move": "invoice_ids"}
        number = self.env["payment.transaction"].search_count([]) + 1
        transaction = self._create_transaction(
            "direct",
            amount=amount,
            currency_id=document.currency_id.id,
            partner_id=self.customer.id,
            reference=f"portal-{number}",
            **{field_name[document._name]: [Command.set(document.ids)]},
        )
        getattr(transaction, f"_set_{state}")()
        self._commit()
        return transaction

    def _assert_closed(self, link, reason):
        self.assertEqual((link.state, link.close_reason), ("cancelled", reason))

    def _assert_paid(self, invoices):
        for invoice in invoices:
            self.assertIn(invoice.payment_state, ("in_payment", "paid"))
            self.assertEqual(invoice.amount_residual, 0.0)

    def _open_dialog(self, invoices, user=None):
        """Open the dialog as the button does."""
        action = invoices.with_user(user or self.env.user).action_send_payment_link()
        dialogs = self.env["payment.link.send"].with_user(user or self.env.user)
        return Form(dialogs.with_context(**action["context"]))

    def _assert_refused(self, invoices, reason):
        """Refused by the button, the dialog and the link itself; nothing is written."""
        with self.assertRaisesRegex(UserError, reason):
            invoices.action_send_payment_link()
        context = {"active_model": "account.move", "active_ids": invoices.ids}
        with self.assertRaisesRegex(UserError, reason):
            Form(self.env["payment.link.send"].with_context(**context))
        with self.assertRaisesRegex(UserError, reason):
            self._create_invoice_link(invoices)
        self.assertFalse(invoices.payment_link_ids)
