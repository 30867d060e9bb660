from datetime import timedelta

from odoo import Command, fields
from odoo.sql_db import db_connect
from odoo.tests import tagged
from odoo.tools import mute_logger

from .api_common import PaymentLinkApiCommon


@tagged("post_install", "-at_install")
class TestApiAttacks(PaymentLinkApiCommon):
    """What clever callers try, and what nobody may see."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller = cls._create_user("seller", "sales_team.group_sale_salesman")
        cls.seller_key = cls._create_key(cls.seller)

    def _create_invoice_of(self, partner, **values):
        invoice = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": partner.id,
                "invoice_date": fields.Date.today(),
                "invoice_line_ids": [
                    Command.create({"product_id": self.product.id, "tax_ids": False})
                ],
                **values,
            }
        )
        invoice.action_post()
        return invoice

    # === KEYS === #

    def _assert_opens(self, key):
        self.assertEqual(self._call("GET", "/links", key=key).status_code, 200)

    def _assert_opens_nothing(self, key):
        for _twice in range(2):
            response = self._call("GET", "/links", key=key)
            self._assert_problem(response, 401, "unauthorized")

    def test_B1_key_that_was_just_used_opens_nothing_once_it_is_removed(self):
        self._assert_opens(self.key)
        keys = self.env["res.users.apikeys"].search(
            [("user_id", "=", self.api_user.id)]
        )
        keys.sudo().unlink()
        self._assert_opens_nothing(self.key)

    def test_B1_key_that_was_just_used_opens_nothing_once_it_expired(self):
        self._assert_opens(self.key)
        self.env.cr.execute(
            "UPDATE res_users_apikeys SET expiration_date = %s WHERE user_id = %s",
            (fields.Datetime.now() - timedelta(days=1), self.api_user.id),
        )
        self._assert_opens_nothing(self.key)

    def test_B1_key_that_was_just_used_opens_nothing_of_a_user_who_left(self):
        self._assert_opens(self.key)
        self.api_user.active = False
        self.env.flush_all()
        self._assert_opens_nothing(self.key)

    def test_B1_keys_that_begin_alike_are_told_apart(self):
        self._assert_opens(self.key)
        self._assert_opens_nothing(
            self.key[:-1] + ("0" if self.key[-1] != "0" else "1")
        )
        self._assert_opens_nothing(self.key[:8])

    def test_B1_key_that_was_just_used_for_reading_does_not_write(self):
        key = self._create_key(self.api_user, "payment_link.read")
        for _twice in range(2):
            self._assert_opens(key)
            response = self._call("POST", "/links", {"amount": "1.00"}, key=key)
            self._assert_problem(response, 403, "read_only_key")

    def test_browsers_session_counts_for_nothing(self):
        """Not the rights of who is signed in there, and not the absence of a key."""
        self.authenticate("admin", "admin")
        self._assert_problem(
            self._call("GET", "/links", headers={"Authorization": ""}),
            401,
            "unauthorized",
        )
        link = self._create_standalone_link(user_id=self.env.user.id)
        response = self._call("GET", f"/links/{link.code}", key=self.seller_key)
        self._assert_problem(response, 404, "not_found")
        response = self._call("POST", "/links", {"amount": "1.00"})
        self.assertEqual(self._get_link(response.json()).user_id, self.api_user)
        self.assertNotIn("Set-Cookie", response.headers)

    def test_answers_are_for_nobody_in_between(self):
        shown = self._create_by_api()
        for path in ("/links", f"/links/{shown['id']}", f"/links/{shown['id']}/qr.png"):
            response = self._call("GET", path)
            self.assertEqual(response.headers["Cache-Control"], "no-store")

    # === WHAT OTHERS HAVE === #

    def test_links_of_colleagues_do_not_exist(self):
        """For who sees own documents only: neither to read nor to act on."""
        link = self._create_standalone_link(user_id=self.api_user.id)
        for method, path, body in (
            ("GET", "", None),
            ("PATCH", "", {"description": "mine"}),
            ("DELETE", "", None),
            ("POST", "/cancel", None),
            ("POST", "/reissue", None),
            ("POST", "/send", {"channels": ["email"]}),
            ("GET", "/transactions", None),
            ("GET", "/payment_methods", None),
            ("GET", "/qr.png", None),
            ("POST", "/refund", {"reason": "give"}),
            ("POST", "/capture", {}),
            ("POST", "/void", {}),
            ("POST", "/charge", {"payment_method_id": 1}),
        ):
            path = f"/links/{link.code}{path}"
            response = self._call(method, path, body, key=self.seller_key)
            self._assert_problem(response, 404, "not_found")
        self.assertEqual(link.state, "open")
        response = self._call("GET", "/links", key=self.seller_key)
        self.assertEqual(response.json()["data"], [])

    def test_links_of_other_companies_do_not_exist(self):
        other = self.env["res.company"].create({"name": "Second shop"})
        self.api_user.company_ids += other
        response = self._call("POST", f"/links?app_id={other.id}", {"amount": "1.00"})
        code = response.json()["id"]
        self._assert_problem(self._call("GET", f"/links/{code}"), 404, "not_found")
        self._assert_problem(self._call("DELETE", f"/links/{code}"), 404, "not_found")
        path = f"/links/{code}?app_id={other.id}"
        self.assertEqual(self._call("GET", path).status_code, 200)

    def test_links_of_other_companies_do_not_exist_without_the_record_rule(self):
        """Administrators can switch it off, and open nothing here by it."""
        other = self.env["res.company"].create({"name": "Second shop"})
        self.api_user.company_ids += other
        response = self._call("POST", f"/links?app_id={other.id}", {"amount": "1.00"})
        code = response.json()["id"]
        self.env.ref("payment_link_onetime.payment_link_rule_company").active = False
        self._assert_problem(self._call("GET", f"/links/{code}"), 404, "not_found")
        self._assert_problem(self._call("DELETE", f"/links/{code}"), 404, "not_found")
        self.assertEqual(self._call("GET", "/links").json()["data"], [])

    def test_what_other_companies_have_is_not_found(self):
        """Not for a user of both, either: a link is for what its own company has.

        Whether or not there are record rules, which administrators can switch off.
        """
        for rule in ("sale.sale_order_comp_rule", "base.res_partner_rule"):
            self.env.ref(rule).active = False
        other = self.env["res.company"].create({"name": "Second shop"})
        self.api_user.company_ids += other
        order = self._create_order(user_id=self.api_user.id)
        partner = self.env["res.partner"].create(
            {
                "name": "B",
                "ref": "C-1",
                "email": "b@example.com",
                "company_id": self.company.id,
            }
        )
        path = f"/links?app_id={other.id}"
        for body, code, field in (
            ({"order": order.id}, "document_not_found", "order"),
            ({"order": order.name}, "document_not_found", "order"),
            (
                {"amount": "1.00", "customer": {"id": partner.id}},
                "customer_not_found",
                "customer.id",
            ),
        ):
            response = self._call("POST", path, body)
            self._assert_problem(response, 422, code, field)
        for customer in ({"reference": "C-1"}, {"email": "b@example.com"}):
            response = self._call(
                "POST", path, {"amount": "1.00", "customer": customer}
            )
            self.assertEqual(response.status_code, 201, response.text)
            self.assertNotEqual(response.json()["customer"]["id"], partner.id)

    def test_reference_of_a_link_that_one_may_not_see_names_no_link(self):
        shown = self._create_by_api(reference="SECRET-1")
        response = self._call(
            "POST",
            "/links",
            {"amount": "1.00", "reference": "SECRET-1"},
            key=self.seller_key,
        )
        self._assert_problem(response, 409, "reference_in_use", "reference")
        self.assertNotIn(shown["id"], response.text)

    def test_documents_of_others_are_not_looked_for(self):
        """Neither by number nor by id: who does not see a document finds no link of it,
        and cannot tell by an id which number belongs to whom."""
        self.order.user_id = self.api_user
        link = self._create_link()
        link.user_id = self.seller
        for name in (self.order.name, self.order.id):
            response = self._call("GET", f"/links?order={name}", key=self.seller_key)
            self.assertEqual(response.json()["data"], [])
            response = self._call("GET", f"/links?order={name}")
            self.assertEqual(len(response.json()["data"]), 1)

    def test_own_link_is_shown_even_if_its_document_is_a_colleagues_by_now(self):
        """One such link must not close the whole list."""
        self.order.user_id = self.seller
        link = self.env["payment.link"].with_user(self.seller)
        link = link.create({"sale_order_id": self.order.id})
        invoice = self._create_invoice_of(self.customer, invoice_user_id=self.seller.id)
        other = self.env["payment.link"].with_user(self.seller)
        other = other.create({"invoice_ids": [Command.set(invoice.ids)]})
        self.order.user_id = invoice.invoice_user_id = self.api_user
        response = self._call("GET", "/links", key=self.seller_key)
        self.assertEqual(response.status_code, 200, response.text)
        self.assertEqual(
            [shown["documents"][0]["name"] for shown in response.json()["data"]],
            [invoice.name, self.order.name],
        )
        self.assertEqual(other.user_id, self.seller)

    def test_documents_of_others_are_not_found(self):
        order = self._create_order(user_id=self.api_user.id)
        invoice = self._create_invoice_of(
            self.customer, invoice_user_id=self.api_user.id
        )
        for body, field in (
            ({"order": order.id}, "order"),
            ({"order": order.name}, "order"),
            ({"invoices": [invoice.id]}, "invoices.0"),
            ({"invoices": [invoice.name]}, "invoices.0"),
        ):
            response = self._call("POST", "/links", body, key=self.seller_key)
            self._assert_problem(response, 422, "document_not_found", field)

    def test_who_pays_is_whose_the_document_is(self):
        stranger = self.env["res.partner"].create({"name": "B", "email": "b@b.com"})
        invoices = self._create_invoice_of(self.customer)
        invoices |= self._create_invoice_of(stranger)
        books = self._create_user("books", "account.group_account_invoice")
        key = self._create_key(books)
        for body in (
            {"invoices": invoices.ids},
            {"invoices": [invoices[0].id], "customer": {"id": stranger.id}},
            {"order": self.order.id, "customer": {"email": "b@b.com"}},
        ):
            books.group_ids += self.env.ref("sales_team.group_sale_salesman_all_leads")
            response = self._call("POST", "/links", body, key=key)
            self._assert_problem(response, 422, "refused")
        self.assertFalse(self.env["payment.link"].search([]))

    # === HTTP AND JSON === #

    def test_methods_do_what_they_say(self):
        """`OPTIONS` is a question, and no header makes one method another."""
        shown = self._create_by_api()
        path = f"/links/{shown['id']}"
        for asked in ("/links", path, f"{path}/cancel", f"{path}/reissue"):
            response = self._call("OPTIONS", asked)
            self._assert_problem(response, 405, "method_not_allowed")
            self.assertTrue(response.headers["Allow"])
        response = self._call("GET", path, headers={"X-HTTP-Method-Override": "DELETE"})
        self.assertEqual(response.json()["state"], "open")
        head = self._call("HEAD", path)
        self.assertEqual((head.status_code, head.text), (200, ""))
        self.assertEqual(self.env["payment.link"].search_count([]), 1)

    def test_what_is_said_twice_is_refused(self):
        body = '{"amount": "1.00", "amount": "1000.00"}'
        self._assert_problem(self._call("POST", "/links", body), 400, "bad_request")
        own = self.company.id
        for query in (f"app_id={own}&app_id=1", "state=open&state=expired"):
            response = self._call("GET", f"/links?{query}")
            field = query.partition("=")[0]
            self._assert_problem(response, 400, "invalid_request", field)

    def test_B1_strange_apps_are_400(self):
        for app in ("0", "-1", "one", "", "1e1", "1,2", "NULL", str(10**30)):
            response = self._call("GET", f"/links?app_id={app}")
            self.assertEqual(response.status_code, 400, response.text)

    @mute_logger("odoo.http")
    def test_strange_requests_are_no_mistakes_of_the_server(self):
        for method, path, body in (
            ("GET", "/links/AAAAAAA%00", None),
            ("GET", "/links/AAAA%ff%fe", None),
            ("GET", "/links?created_to=9999-12-31", None),
            ("GET", "/links?created_to=9999-12-31T23:59:59-14:00", None),
            ("GET", "/links?created_from=0001-01-01T00:00:00%2B14:00", None),
            ("GET", "/links?cursor=OTk5OTk5OTk5OQ", None),
            ("POST", "/links", {"order": 10**40}),
            ("POST", "/links", {"invoices": [2**63]}),
            ("POST", "/links", {"invoices": list(range(1, 300))}),
            ("POST", "/links", {"amount": "1.00", "customer": {"id": 2**63}}),
            ("POST", "/links", {"amount": "1.00", "expiration_date": "0001-01-01"}),
            ("POST", "/links", {"amount": "1.00", "minimum_percent": 1e300}),
            ("POST", "/links", '{"amount": ' + "9" * 5000 + "}"),
            *(
                ("POST", "/links", '{"a":' * depth + "1" + "}" * depth)
                for depth in range(500, 1000, 23)
            ),
        ):
            response = self._call(method, path, body)
            self.assertLess(response.status_code, 500, f"{path} {str(body)[:99]}")

    # === TEXTS === #

    def test_references_that_look_alike_are_one(self):
        shown = self._create_by_api(reference="Caf\u00e9")
        for reference in ("Cafe\u0301", " Caf\u00e9\u00a0"):
            response = self._call(
                "POST", "/links", {"amount": "1.00", "reference": reference}
            )
            self._assert_problem(response, 409, "reference_in_use")
        response = self._call("GET", "/links?reference=Cafe%CC%81")
        self.assertEqual(response.json()["data"][0]["id"], shown["id"])
        link = self.env["payment.link"].find_or_create("Cafe\u0301", {"amount": 5.0})
        self.assertEqual(link.code, shown["id"])

    def test_references_have_no_invisible_parts(self):
        for reference in (
            "\u200b",
            "A\u200b",
            "A\nB",
            "A\u202eB",
            "A\u2028B",
            "\u00a0",
        ):
            response = self._call(
                "POST", "/links", {"amount": "1.00", "reference": reference}
            )
            self._assert_problem(response, 400, "invalid_request", "reference")

    def test_C3_card_data_in_disguise_is_refused(self):
        for text in (
            "4242\u00a04242\u00a04242\u00a04242",
            "4242.4242.4242.4242",
            "\uff14\uff12" * 8,
            "4242 4242 4242 4242 12/29",
            "12 4242-4242-4242-4242",
            "3782 822463 10005",
            "gb82west12345698765432",
            "DE89370400440532013000 thanks",
            "AB12 is DE89 3704 0044 0532 0130 00",
        ):
            response = self._call(
                "POST", "/links", {"amount": "1.00", "description": text}
            )
            self._assert_problem(response, 400, "card_data_refused", "description")
        self.assertFalse(self.env["payment.link"].search([]))

    def test_C3_other_numbers_are_taken(self):
        """Among them those whose check digit is right by chance."""
        for text in ("20261121000000000" + digit for digit in "0123456789"):
            self._create_by_api(reference=text, description=f"+1 202 555 0122 {text}")
        for number in range(1, 5):
            token = f"de{number}2ab34cd56ef7890ab12cd34ef56ab78"
            self._create_by_api(metadata={"session": token})

    # === TWICE IS ONCE === #

    def test_D10_key_of_somebody_else_and_of_another_company(self):
        headers = {"Idempotency-Key": "1"}
        body = {"amount": "7.00"}
        mine = self._call("POST", "/links", body, headers=headers).json()
        theirs = self._call(
            "POST", "/links", body, headers=headers, key=self.seller_key
        )
        self.assertEqual(theirs.status_code, 201)
        self.assertNotEqual(theirs.json()["id"], mine["id"])
        other = self.env["res.company"].create({"name": "Second shop"})
        self.api_user.company_ids += other
        path = f"/links?app_id={other.id}"
        response = self._call("POST", path, body, headers=headers)
        self._assert_problem(response, 409, "idempotency_key_reused")
        path = f"/links/{mine['id']}/cancel"
        response = self._call("POST", path, headers=headers)
        self._assert_problem(response, 409, "idempotency_key_reused")

    def test_D10_new_key_of_the_same_user_gets_the_first_answer(self):
        """Who changes keys, and repeats what got lost meanwhile, does nothing twice."""
        headers = {"Idempotency-Key": "1"}
        body = {"amount": "7.00"}
        first = self._call("POST", "/links", body, headers=headers)
        new_key = self._create_key(self.api_user)
        again = self._call("POST", "/links", body, headers=headers, key=new_key)
        self.assertEqual(again.json(), first.json())
        self.assertEqual(again.headers["Idempotent-Replayed"], "true")

    def test_D10_request_that_is_being_carried_out_is_409(self):
        answers = self.env["payment.link.idempotency"]
        number = int(answers._hash([self.api_user.id, "1"])[:15], 16)
        with db_connect(self.env.cr.dbname).cursor() as cr:
            cr.execute("SELECT pg_advisory_xact_lock(%s)", (number,))
            response = self._call(
                "POST", "/links", {"amount": "7.00"}, headers={"Idempotency-Key": "1"}
            )
        self._assert_problem(response, 409, "request_in_flight")
        self.assertEqual(response.headers["Retry-After"], "1")
        self.assertFalse(self.env["payment.link"].search([]))

    def test_D10_key_that_came_with_another_link(self):
        """What looks the same, and is for another link, is another request."""
        headers = {"Idempotency-Key": "1"}
        first = self._create_by_api()
        second = self._create_by_api()
        path = "/links/{}/cancel"
        response = self._call("POST", path.format(first["id"]), headers=headers)
        self.assertEqual(response.json()["state"], "cancelled")
        response = self._call("POST", path.format(second["id"]), headers=headers)
        self._assert_problem(response, 409, "idempotency_key_reused")
        self.assertEqual(self._get_link(second).state, "open")

    def test_D10_first_answer_stays_the_answer(self):
        """Also if the link has changed: it says what this request did."""
        headers = {"Idempotency-Key": "1"}
        first = self._call("POST", "/links", {"amount": "7.00"}, headers=headers)
        self._call("POST", f"/links/{first.json()['id']}/cancel")
        again = self._call("POST", "/links", {"amount": "7.00"}, headers=headers)
        self.assertEqual(again.json(), first.json())
        self.assertEqual(again.json()["state"], "open")

    def test_B8_link_that_is_being_paid_is_not_deleted(self):
        """It can be cancelled: what is on its way is kept then."""
        shown = self._create_by_api()
        link = self._get_link(shown)
        charge = self._create_charge(link)
        path = f"/links/{shown['id']}"
        self._assert_problem(self._call("DELETE", path), 409, "payment_under_way")
        charge._set_pending()
        self._assert_problem(self._call("DELETE", path), 409, "payment_under_way")
        self.assertFalse(link.deleted_at)
        response = self._call("POST", f"{path}/cancel")
        self.assertEqual(response.json()["state"], "cancelled")
        charge._set_canceled()
        self.assertEqual(self._call("DELETE", path).status_code, 200)
