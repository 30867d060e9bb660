from concurrent.futures import ThreadPoolExecutor

from odoo.sql_db import db_connect
from odoo.tests import TransactionCase, tagged


@tagged("post_install", "-at_install")
class TestRate(TransactionCase):
    """How often somebody may do something."""

    def setUp(self):
        super().setUp()
        self._execute("TRUNCATE payment_link_rate")

    def _execute(self, query, *params):
        # What is counted is counted in transactions that no test rolls back.
        with db_connect(self.env.cr.dbname).cursor() as cr:
            cr.execute(query, params)
            return cr.fetchall() if cr.description else None

    def _hit(self, count, bucket="somebody", limit=7, seconds=60):
        rates = self.env["payment.link.rate"]
        return [rates._hit(bucket, limit, seconds) for _number in range(count)]

    def _pass(self, seconds):
        """Let time pass: PostgreSQL's clock does not freeze."""
        self._execute(
            "UPDATE payment_link_rate SET full_at = full_at - %s * INTERVAL '1 second'",
            seconds,
        )

    def test_so_often_and_no_more(self):
        """Also where the time cannot be divided by the number."""
        *counted, refused = self._hit(8)
        self.assertEqual(counted, [0] * 7)
        self.assertIn(refused, (8, 9))

    def test_others_have_their_own(self):
        self._hit(8)
        self.assertEqual(self._hit(1, "somebody else"), [0])

    def test_it_fills_up_again(self):
        self._hit(7)
        self._pass(18)
        counted = [not wait for wait in self._hit(3)]
        self.assertEqual(counted, [True, True, False])
        self._pass(3600)  # It does not fill up to more than it holds.
        self.assertEqual([not wait for wait in self._hit(8)], [True] * 7 + [False])

    def test_being_refused_costs_nothing(self):
        self._hit(20)
        self._pass(9)
        self.assertEqual(self._hit(1), [0])

    def test_many_at_once(self):
        rates = self.env["payment.link.rate"]
        with ThreadPoolExecutor(8) as pool:
            waits = list(
                pool.map(lambda _n: rates._hit("somebody", 20, 600), range(40))
            )
        self.assertEqual(waits.count(0), 20)

    def test_full_buckets_are_forgotten(self):
        self._hit(1)
        self._hit(1, "somebody else")
        self._execute(
            "UPDATE payment_link_rate SET full_at = now() - INTERVAL '1 second'"
            " WHERE bucket = 'somebody'"
        )
        self.env["payment.link.rate"]._gc_rates()
        self.env.cr.execute("SELECT bucket FROM payment_link_rate")
        self.assertEqual(self.env.cr.fetchall(), [("somebody else",)])
