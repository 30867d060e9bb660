from unittest.mock import patch

from odoo.tests import tagged

from .message_common import PaymentLinkMessageCommon


@tagged("post_install", "-at_install")
class TestReceiptMail(PaymentLinkMessageCommon):
    """Whoever pays gets a receipt, once for each charge that was settled."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller.payment_link_notify_paid = False

    def _create_report(self):
        """Create what makes the receipt's PDF, if nobody else has."""
        xmlid = "payment_link_onetime.action_report_receipt"
        report = self.env.ref(xmlid, raise_if_not_found=False)
        if not report:
            report = self.env["ir.actions.report"].create(
                {
                    "name": "Receipt",
                    "model": "payment.transaction",
                    "report_name": "payment_link_onetime.report_receipt",
                }
            )
            self.env["ir.model.data"]._update_xmlids(
                [{"xml_id": xmlid, "record": report}]
            )
        return report

    def _patch_pdf(self, **kwargs):
        return patch.object(
            type(self.env["ir.actions.report"]), "_render_qweb_pdf", **kwargs
        )

    def test_one_receipt_for_a_charge(self):
        link = self._create_link(description="Two chairs")
        charge = self._pay(link)
        charge._set_done()  # The provider says it again.
        link._record_event("paid", transaction=charge)  # And once more.
        mails = self._send_messages()
        self._assert_to(mails, "ada.payer@example.com")
        self.assertIn("receipt for your payment of $\xa0100.00", mails.subject)
        for text in (link.reference, charge.reference, "Two chairs"):
            self.assertIn(text, mails.body_html)
        self.assertFalse(self._send_messages())
        self.assertIn("receipt", link.message_ids[0].subject)

    def test_receipt_goes_to_who_paid(self):
        """And not to the customer for whom she did."""
        link = self._create_link()
        charge = self._create_charge(link)
        charge.payer_email = "eve@example.com"
        charge._set_done()
        self._assert_to(self._send_messages(), "eve@example.com")
        self.assertEqual(
            self._get_messages(link, "receipt").recipient, "eve@example.com"
        )

    def test_nobody_left_an_address(self):
        link = self._create_standalone_link(user_id=self.seller.id)
        self._pay(link)
        self.assertFalse(self._send_messages())
        message = self._get_messages(link, "receipt")
        self.assertEqual(message.state, "skipped")
        self.assertIn("e-mail address", message.reason)

    def test_no_receipt_before_the_money_is_there(self):
        link = self._create_link()
        charge = self._create_charge(link)
        charge._set_pending()
        self.assertFalse(self._send_messages())
        charge._set_done()
        self.assertEqual(len(self._send_messages()), 1)

    def test_no_receipt_for_what_goes_back(self):
        link = self._create_link()
        charge = self._pay(link)
        charge._create_child_transaction(charge.amount, is_refund=True)
        self.assertFalse(self._send_messages())
        self.assertIn("goes back", self._get_messages(link, "receipt").reason)

    def test_switched_off(self):
        self.company.payment_link_receipt = False
        link = self._create_link()
        self._pay(link)
        self.assertFalse(self._get_messages(link, "receipt"))

    def test_pdf_is_attached(self):
        self._create_report()
        link = self._create_link()
        charge = self._pay(link)
        with self._patch_pdf(return_value=(b"%PDF-1.4", "pdf")):
            mails = self._send_messages()
        self.assertEqual(
            mails.attachment_ids.mapped("name"), [f"Receipt {charge.reference}.pdf"]
        )

    def test_mail_goes_out_without_a_pdf(self):
        """Where none can be made, the mail says all that it would say."""
        self._create_report()
        self._pay(self._create_link())
        with self._patch_pdf(side_effect=OSError("wkhtmltopdf")):
            mails = self._send_messages()
        self._assert_to(mails, "ada.payer@example.com")
        self.assertFalse(mails.attachment_ids)

    def test_customer_is_not_mailed_twice_for_one_thing(self):
        """The receipt takes the place of Odoo's mail on a payment that confirms no
        order. The confirmation of an order is another thing."""
        self.order.write({"require_payment": True, "prepayment_percent": 1.0})
        executed = self.env.ref("sale.mail_template_sale_payment_executed")
        confirmed = self.order._get_confirmation_template()
        names = []

        def send(order, mail_template, **kwargs):
            names.append(mail_template)

        with patch.object(
            type(self.order),
            "_send_order_notification_mail",
            side_effect=send,
            autospec=True,
        ):
            self._pay(self._create_link(amount=40.0))._post_process()
            self.assertEqual(names, [])
            self._pay(self._create_link(amount=60.0))._post_process()
            self.assertEqual(names, [confirmed])
            self.company.payment_link_receipt = False
            other = self._create_order(require_payment=True, prepayment_percent=1.0)
            self._pay(
                self._create_link(sale_order_id=other.id, amount=40.0)
            )._post_process()
            self.assertEqual(names, [confirmed, executed])
