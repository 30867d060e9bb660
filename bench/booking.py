"""When payments are in the books, seen from outside of the server."""

import time

import psycopg2

# Paid orders are confirmed, and the payment is posted.
_BOOKED = """
    SELECT count(*)
      FROM payment_transaction tx
     WHERE tx.reference = ANY(%s)
       AND tx.is_post_processed
       AND EXISTS (
               SELECT FROM account_payment payment
                WHERE payment.payment_transaction_id = tx.id
                  AND payment.state IN ('in_process', 'paid')
           )
       AND NOT EXISTS (
               SELECT FROM sale_order_transaction_rel rel
                 JOIN sale_order document ON document.id = rel.sale_order_id
                WHERE rel.transaction_id = tx.id AND document.state != 'sale'
           )
"""


class Books:
    """The server's database.

    :param OdooServer server: the server
    """

    def __init__(self, server):
        variables = server.odoo.cluster.environment
        names = {"PGHOST": "host", "PGPORT": "port", "PGUSER": "user"}
        names |= {"PGPASSWORD": "password", "PGSSLMODE": "sslmode"}
        settings = {names[key]: value for key, value in variables.items() if value}
        self.connection = psycopg2.connect(dbname=server.database, **settings)
        self.connection.autocommit = True

    def close(self):
        self.connection.close()

    def execute(self, query, *parameters):
        with self.connection.cursor() as cursor:
            cursor.execute(query, parameters)
            return cursor.fetchall() if cursor.description else None

    def wait(self, payments, seconds=120):
        """Wait until all payments are booked.

        :return: when that was, or `None` if it took too long
        """
        references = [payment.reference for payment in payments]
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.execute(_BOOKED, references)[0][0] == len(references):
                return time.monotonic()
            time.sleep(0.02)
        return None

    def wait_for_mails(self, seconds=120):
        """Wait until no mail of an order is left to be made."""
        deadline = time.monotonic() + seconds
        query = "SELECT count(*) FROM sale_order WHERE pending_email_template_id > 0"
        while time.monotonic() < deadline and self.execute(query)[0][0]:
            time.sleep(0.1)
        return time.monotonic()

    def remove_reports(self, template_ids):
        """Take the PDF out of mail templates, and return what brings it back."""
        return self.execute(
            "DELETE FROM mail_template_ir_actions_report_rel"
            " WHERE mail_template_id = ANY(%s)"
            " RETURNING mail_template_id, ir_actions_report_id",
            template_ids,
        )

    def restore_reports(self, rows):
        """Undo :meth:`remove_reports`."""
        for row in rows:
            self.execute(
                "INSERT INTO mail_template_ir_actions_report_rel"
                " (mail_template_id, ir_actions_report_id) VALUES (%s, %s)",
                *row,
            )
