from unittest.mock import patch

from odoo.sql_db import Cursor
from odoo.tests import tagged

from .common import PaymentLinkHttpCommon


@tagged("post_install", "-at_install")
class TestPageQueries(PaymentLinkHttpCommon):
    """What a warm page asks the database. Whoever adds a query has to say so here.

    A live server asks one more: whether another process changed something.
    """

    def _read_page(self, link):
        """Return the queries of a page that was opened before."""
        queries = []
        execute = Cursor.execute
        path = link._get_page_path()

        def record(cursor, query, *args, **kwargs):
            queries.append(cursor.mogrify(query, *args[:1]).decode())
            return execute(cursor, query, *args, **kwargs)

        for _visit in range(2):
            self.assertEqual(self.url_open(path).status_code, 200)
        with patch.object(Cursor, "execute", record):
            self.url_open(path)
        return [query for query in queries if "SELECT" in query]

    def test_G10_page_of_an_order(self):
        queries = self._read_page(self._create_link())
        self.assertLessEqual(len(queries), 6, "\n".join(queries))

    def test_G10_page_of_nothing_at_all(self):
        queries = self._read_page(self._create_standalone_link())
        self.assertLessEqual(len(queries), 7, "\n".join(queries))

    def test_G10_lines_cost_no_queries(self):
        one = self._read_page(self._create_link())
        self.order.order_line.copy({"order_id": self.order.id})
        self.order.order_line[:1].copy({"order_id": self.order.id})
        more = self._read_page(self._create_link())
        self.assertEqual(len(more), len(one))

    def test_G10_guests_move_to_another_company(self):
        """What is remembered of the public user is forgotten when it changes."""
        link = self._create_link()
        self._read_page(link)
        public_user = self.env.ref("base.public_user").sudo()
        company = self.env["res.company"].create({"name": "Another"})
        public_user.company_ids += company
        public_user.company_id = company
        links = link.with_user(public_user).sudo().with_context(lang="en_US")
        self.env.invalidate_all()
        links._fetch_user()
        self.assertEqual(links.env.user.company_id, company)

    def test_G10_page_writes_nothing(self):
        writes = []
        execute = Cursor.execute

        def record(cursor, query, *args, **kwargs):
            text = cursor.mogrify(query, *args[:1]).decode().lstrip()
            if text.startswith(("INSERT", "UPDATE", "DELETE")):
                writes.append(text)
            return execute(cursor, query, *args, **kwargs)

        path = self._create_link()._get_page_path()
        self.env.flush_all()
        self.cr.precommit.run()  # what creating the link has left to do
        with patch.object(Cursor, "execute", record):
            self.url_open(path)
        self.assertFalse(writes)
