from odoo import Command
from odoo.tests import tagged

from ..fetch import fetch_tree
from .common import PaymentLinkCommon


@tagged("post_install", "-at_install")
class TestFetchTree(PaymentLinkCommon):
    """What is read in one query is what the ORM reads in many."""

    def _read(self, links):
        """Return what the ORM says, from the database or from the cache."""
        fields = ("code", "amount_due", "expires_at", "state", "payment_status")
        return [
            {
                **{name: link[name] for name in fields},
                "company": link.company_id.name,
                "country": link.company_id.partner_id.country_id.id,
                "customer": link.partner_id.lang,
                "lines": link.line_ids.mapped(lambda line: (line.id, line.name)),
                "amounts": link.line_ids.mapped("amount_untaxed"),
                "providers": set(link.provider_ids.ids),
                "order": link.sale_order_id.state,
                "transactions": set(link.sale_order_id.transaction_ids.ids),
            }
            for link in links
        ]

    def _fetch(self, links):
        return fetch_tree(
            self.env["payment.link"].sudo(),
            [("id", "in", links.ids)],
            {
                "code": None,
                "amount_due": None,
                "expires_at": None,
                "state": None,
                "payment_status": None,
                "company_id": {"name": None, "partner_id": {"country_id": None}},
                "partner_id": {"lang": None},
                "line_ids": {"name": None, "amount_untaxed": None},
                "provider_ids": None,
                "sale_order_id": {"state": None, "transaction_ids": None},
            },
        )

    def test_same_values_in_one_query(self):
        other = self.provider.copy({"name": "Another", "state": "test"})
        self.order.order_line = [
            Command.create({"product_id": self.product.id, "name": name})
            for name in ("Äpfel", "", 'A "quoted", \\ {name}', "Two\nlines")
        ]
        paid = self._create_link(
            amount=10.0, provider_ids=[Command.set((self.provider | other).ids)]
        )
        self._pay(paid)
        links = paid | self._create_link(amount=20.0) | self._create_standalone_link()
        self.env.flush_all()
        self.env.invalidate_all()
        links = links.sudo().sorted("id", reverse=True)
        expected = self._read(links)
        self.env.invalidate_all()
        with self.assertQueryCount(2):  # One, and one for the planner.
            fetched = self._fetch(links)
            self.assertEqual(fetched, links)
            self.assertEqual(self._read(fetched), expected)

    def test_what_waits_to_be_written_is_kept(self):
        link = self._create_link()
        link._store({"payment_status": "processing"})
        self._fetch(link)
        self.assertEqual(link.payment_status, "processing")

    def test_nothing_found(self):
        self.assertFalse(self._fetch(self.env["payment.link"]))

    def test_only_in_sudo(self):
        with self.assertRaises(AssertionError):
            fetch_tree(self.env["payment.link"].with_user(self.user), [], {})
