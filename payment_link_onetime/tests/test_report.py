from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import PaymentLinkCommon

COUNTS = ("sent", "opened", "attempted", "paid", "completed")


@tagged("post_install", "-at_install")
class TestReport(PaymentLinkCommon):
    """D5, G7, G8: the figures of a small shop that were counted by hand."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.report = cls.env["payment.link.report"]
        cls.provider.write({"support_refund": "partial"})
        cls.seller = cls._create_user("rep_one", "sales_team.group_sale_salesman")
        cls.colleague = cls._create_user("rep_two", "sales_team.group_sale_salesman")

    def _create(self, *steps, amount=100.0, channel="email", **values):
        """Create a link that came as far as the steps say."""
        link = self._create_standalone_link(
            amount, **{"user_id": self.seller.id, **values}
        )
        payer_key = f"the browser of {link.code}"
        for step in steps:
            if step == "sent":
                link._record_event("sent", channel=channel)
            elif step == "opened":
                link._record_opening(payer_key, channel)
            elif step == "attempted":
                self._create_charge(link, payer_key)
            elif step == "paid":
                self._pay(link, payer_key=payer_key)
            else:
                self._refund(link, step)
        return link

    def _refund(self, link, amount):
        charge = link.transaction_ids.filtered(lambda tx: tx.operation != "refund")
        charge._create_child_transaction(amount, is_refund=True)._set_done()

    def _create_shop(self):
        """Five links sent by e-mail, two by SMS, one that nobody was sent."""
        self._create()
        self._create("sent")
        self._create("sent", "opened")
        self._create("sent", "opened", "attempted")
        self._create("sent", "opened", "paid")
        self._create("sent", "opened", "paid", 30.0)
        self._create("sent", channel="sms", user_id=self.colleague.id)
        self._create(
            "sent",
            "opened",
            "paid",
            channel="sms",
            amount=250.0,
            user_id=self.colleague.id,
        )

    def _read(self, *groupby, domain=()):
        """Return the figures of each group, by name."""
        names = [f"{name}:sum" for name in COUNTS] + [
            "amount_asked:sum",
            "amount_net:sum",
            "amount_refunded:sum",
            "amount_open:sum",
            "completion_rate:avg",
            "opened_rate:avg",
            "hours_to_pay:avg",
            "__count",
        ]
        keys = [name.partition(":")[0] for name in names]
        return [
            (*row[: len(groupby)], dict(zip(keys, row[len(groupby) :], strict=True)))
            for row in self.report._read_group(domain, groupby, names)
        ]

    def _get_row(self, link):
        self.env.flush_all()
        self.env.invalidate_all()
        return self.report.search([("link_id", "=", link.id)])

    # === THE FUNNEL === #

    def test_D5_funnel_of_a_shop(self):
        self._create_shop()
        [(figures,)] = self._read()
        self.assertEqual(
            {name: figures[name] for name in COUNTS},
            {"sent": 7, "opened": 5, "attempted": 4, "paid": 3, "completed": 3},
        )
        self.assertEqual(figures["__count"], 8)
        self.assertAlmostEqual(figures["completion_rate"], 3 / 5)
        self.assertAlmostEqual(figures["opened_rate"], 5 / 7)

    def test_D5_funnel_by_channel(self):
        self._create_shop()
        rows = dict(self._read("channel"))
        self.assertEqual(
            {
                channel: tuple(row[name] for name in COUNTS)
                for channel, row in rows.items()
            },
            {
                "email": (5, 4, 3, 2, 2),
                "sms": (2, 1, 1, 1, 1),
                False: (0, 0, 0, 0, 0),
            },
        )

    def test_D5_funnel_by_salesperson_campaign_provider_and_month(self):
        self._create_shop()
        campaign = self.env["utm.campaign"].create({"name": "Spring"})
        self._create("sent", "opened", "paid", campaign_id=campaign.id)
        self.assertEqual(dict(self._read("user_id"))[self.colleague]["sent"], 2)
        self.assertEqual(dict(self._read("campaign_id"))[campaign]["paid"], 1)
        providers = dict(self._read("provider_id"))
        self.assertEqual(providers[self.provider]["paid"], 4)
        self.assertEqual(providers[self.provider]["attempted"], 5)
        self.assertEqual(len(self._read("date:month")), 1)
        for name in ("source_id", "medium_id", "state", "company_id", "partner_id"):
            self.assertEqual(sum(row[1]["sent"] for row in self._read(name)), 8)

    def test_G8_each_step_includes_the_later_ones(self):
        """A payer without scripts, at a link that was copied into a chat."""
        link = self._create("paid")
        row = self._get_row(link)
        self.assertEqual([row[name] for name in COUNTS], [1, 1, 1, 1, 1])
        self.assertEqual(row.channel, "direct")

    def test_D5_a_link_that_was_sent_two_ways_counts_once(self):
        link = self._create("sent", channel="sms")
        link._record_event("sent", channel="email")
        self.assertEqual(self._get_row(link).channel, "sms")
        link._record_opening("one browser", "sms")
        link._record_opening("another browser", "email")
        self.assertEqual(self._get_row(link).channel, "email")
        self._pay(link, payer_key="one browser")
        link._record_opening("a third browser", "share")
        self.assertEqual(self._get_row(link).channel, "sms")
        [(figures,)] = self._read(domain=[("link_id", "=", link.id)])
        self.assertEqual((figures["sent"], figures["opened"]), (1, 1))

    def test_D5_paid_in_part_is_paid_and_not_complete(self):
        link = self._create(
            "sent", "opened", amount=200.0, allow_partial=True, minimum_percent=30.0
        )
        amount = link._claim("one browser", displayed_amount=80.0)
        self._create_transaction(
            "direct",
            amount=amount,
            currency_id=link.currency_id.id,
            reference="in part",
            **link._get_charge_values("one browser"),
        )._set_done()
        row = self._get_row(link)
        self.assertEqual((row.paid, row.completed), (1, 0))
        self.assertEqual((row.amount_net, row.amount_open), (80.0, 120.0))

    def test_D5_a_replaced_link_is_the_same_request(self):
        old = self._create_link(user_id=self.seller.id)
        old._record_event("sent", channel="email")
        new = old._reissue()
        new._record_opening("one browser", "direct")
        self.assertFalse(self._get_row(old))
        self.assertEqual((self._get_row(new).sent, self._get_row(new).opened), (1, 1))

    # === AMOUNTS === #

    def test_G7_refunds_reduce_what_was_earned(self):
        self._create_shop()
        [(figures,)] = self._read()
        self.assertEqual(figures["amount_asked"], 7 * 100.0 + 250.0)
        self.assertEqual(figures["amount_net"], 100.0 + 70.0 + 250.0)
        self.assertEqual(figures["amount_refunded"], 30.0)
        self.assertEqual(figures["amount_open"], 5 * 100.0)
        self.assertEqual(dict(self._read("channel"))["email"]["amount_net"], 170.0)

    def test_D5_amounts_are_in_the_companys_currency_of_that_day(self):
        """The rate of the day of creation, as Odoo itself would look it up."""
        euro = self.env.ref("base.EUR")
        euro.active = True
        currency = self.company.currency_id
        self.assertNotEqual(euro, currency)
        euro.rate_ids.unlink()
        currency.rate_ids.unlink()
        today = fields.Date.today()
        for days, rate in ((-30, 5.0), (-2, 0.5), (1, 8.0)):
            self.env["res.currency.rate"].create(
                {
                    "currency_id": euro.id,
                    "company_id": self.company.id,
                    "name": today + timedelta(days=days),
                    "rate": rate,
                }
            )
        # Of no company: the company's own win.
        self.env["res.currency.rate"].create(
            {"currency_id": euro.id, "company_id": False, "name": today, "rate": 3.0}
        )
        link = self._create("sent", amount=10.0, currency_id=euro.id)
        expected = euro._convert(10.0, currency, self.company, today)
        self.assertEqual(expected, 20.0)
        row = self._get_row(link)
        self.assertEqual(row.amount_asked, expected)
        self.assertEqual(row.amount_open, expected)
        self.assertEqual(row.currency_id, currency)
        # A day before the first rate has that one.
        euro.rate_ids.filtered(lambda rate: rate.name <= today).unlink()
        self.assertEqual(self._get_row(link).amount_asked, 10.0 / 8.0)

    # === HOW LONG IT TOOK === #

    def test_D5_median_time_to_pay(self):
        for hours in (1, 3, 100):
            link = self._create("sent", "paid")
            events = {event.type: event for event in link.event_ids}
            self._set_time(events["sent"], "2030-01-01 00:00:00")
            paid_at = fields.Datetime.to_datetime("2030-01-01") + timedelta(hours=hours)
            self._set_time(events["paid"], paid_at)
        self._create("sent")
        [(figures,)] = self._read()
        self.assertAlmostEqual(figures["hours_to_pay"], 3.0)

    # === RIGHTS === #

    def test_D5_a_salesperson_sees_her_own_figures(self):
        self._create_shop()
        report = self.report.with_user(self.colleague)
        self.assertEqual(report.search([]).user_id, self.colleague)
        self.assertEqual(report._read_group([], [], ["sent:sum"]), [(2,)])
        data = report.get_dashboard()
        self.assertEqual(data["totals"]["sent"], 2)
        self.assertEqual([user["id"] for user in data["users"]], [self.colleague.id])
        # Asking for a colleague's brings nothing.
        other = report.get_dashboard(user_id=self.seller.id)
        self.assertEqual(other["totals"]["sent"], 0)

    def test_D5_whoever_has_the_order_has_its_figures(self):
        self.order.user_id = self.colleague
        link = self._create_link(user_id=self.seller.id)
        self.env.flush_all()
        reports = self.report.with_user(self.colleague).search([])
        self.assertEqual(reports.link_id, link)

    def test_D5_employees_without_the_role_see_nothing(self):
        clerk = self._create_user("clerk")
        with self.assertRaises(AccessError):
            self.report.with_user(clerk).search([])
        with self.assertRaises(AccessError):
            self.report.with_user(clerk).get_dashboard()

    def test_D5_other_companies_are_left_out(self):
        self._create_shop()
        other = self.env["res.company"].create({"name": "Another shop"})
        self.env.user.company_ids += other
        report = self.report.with_context(allowed_company_ids=other.ids)
        self.assertFalse(report.search([]))
        self.assertEqual(report.get_dashboard()["totals"]["sent"], 0)

    def test_D5_a_salesperson_reads_the_whole_list(self):
        """Providers are nobody's business but the administrator's, in names as well."""
        self._create_shop()
        self.env.flush_all()
        report = self.report.with_user(self.seller)
        rows = report.web_read_group([], ["provider_id"], ["paid:sum"])
        self.assertTrue(rows["groups"])
        view = report.get_view(view_type="list")
        self.assertNotIn("provider_id", view["arch"])
        action = report.search([], limit=1).action_open_link()
        self.assertEqual(action["res_model"], "payment.link")

    # === THE DASHBOARD === #

    def test_D5_dashboard_of_a_shop(self):
        self._create_shop()
        data = self.report.get_dashboard()
        totals = data["totals"]
        self.assertEqual([totals[name] for name in COUNTS], [7, 5, 4, 3, 3])
        self.assertEqual(totals["amount_net"], 420.0)
        self.assertEqual(totals["amount_open"], 500.0)
        self.assertAlmostEqual(totals["completion_rate"], 0.6)
        self.assertTrue(totals["time_to_pay"])
        self.assertEqual(
            [(row["label"], row["paid"]) for row in data["channels"]],
            [("SMS", 1), ("E-mail", 2), (False, 0)],
        )
        self.assertEqual(
            {row["label"]: row["amount_net"] for row in data["salespeople"]},
            {self.seller.name: 170.0, self.colleague.name: 250.0},
        )
        for row in (*data["channels"], *data["salespeople"]):
            rows = self.report.search(row["domain"])
            self.assertEqual(sum(rows.mapped("sent")), row["sent"])

    def test_D5_dashboard_of_one_salesperson(self):
        self._create_shop()
        data = self.report.get_dashboard(user_id=self.seller.id)
        self.assertEqual(data["totals"]["amount_net"], 170.0)
        self.assertEqual(
            {user["id"] for user in data["users"]}, {self.seller.id, self.colleague.id}
        )

    def test_D5_dashboard_of_a_period(self):
        old, new = self._create("sent"), self._create("sent")
        month_ago = fields.Datetime.now() - timedelta(days=30, hours=1)
        self.env.flush_all()
        self.cr.execute(
            "UPDATE payment_link SET create_date = %s WHERE id = %s",
            (month_ago, old.id),
        )
        self.env.invalidate_all()
        for period, links in (("7", new), ("30", new), ("90", old + new)):
            with self.subTest(period=period):
                data = self.report.get_dashboard(period)
                self.assertEqual(data["totals"]["sent"], len(links))
                self.assertEqual(self.report.search(data["domain"]).link_id, links)
        self.report.get_dashboard("year")
        with self.assertRaisesRegex(UserError, "no period 14"):
            self.report.get_dashboard("14")

    def test_D5_dashboard_of_nothing(self):
        data = self.report.get_dashboard()
        self.assertEqual(data["totals"]["sent"], 0)
        self.assertFalse(data["totals"]["time_to_pay"])
        self.assertFalse(data["channels"] or data["salespeople"])
        self.assertEqual({item["count"] for item in data["attention"]}, {0})

    def test_D5_dashboard_of_two_currencies(self):
        """Amounts of companies with other currencies, in the current one's."""
        euro = self.env.ref("base.EUR")
        euro.active = True
        euro.rate_ids.unlink()
        self.env["res.currency.rate"].create(
            {"currency_id": euro.id, "name": "2020-01-01", "rate": 0.5}
        )
        other = self.env["res.company"].create(
            {"name": "A shop abroad", "currency_id": euro.id}
        )
        self.env.user.company_ids += other
        self._create("sent", amount=100.0)
        self._create("sent", amount=10.0, company_id=other.id, user_id=self.env.uid)
        self.env.flush_all()
        report = self.report.with_context(
            allowed_company_ids=[self.company.id, other.id]
        )
        self.assertEqual(report.get_dashboard()["totals"]["amount_open"], 120.0)
        data = report.get_dashboard(company_id=other.id)
        self.assertEqual(data["totals"]["amount_open"], 20.0)
        self.assertEqual(len(data["companies"]), 2)

    def test_D5_G3_what_needs_attention(self):
        late = self._create("sent", "opened", "attempted")
        late.action_cancel()
        late.transaction_ids._set_done()
        failed = self._create("sent", "opened", "attempted")
        failed.transaction_ids._set_error("Refused")
        expiring = self._create(
            "sent", "opened", expires_at=fields.Datetime.now() + timedelta(days=2)
        )
        unopened = self._create("sent")
        self.env.flush_all()
        self.cr.execute(
            "UPDATE payment_link SET create_date = create_date - INTERVAL '4 days'"
            " WHERE id = %s",
            [unopened.id],
        )
        self._create("sent", "opened", "paid")
        self.env.invalidate_all()
        found = []
        for item in self.report.get_dashboard()["attention"]:
            records = self.env[item["model"]].search(item["domain"])
            found.append(records.link_id if "link_id" in records else records)
            self.assertEqual(item["count"], 1)
        self.assertEqual(found, [late, failed, expiring, unopened])

    def test_D5_dashboard_asks_few_queries(self):
        self._create_shop()

        def count():
            self.env.flush_all()
            self.env.invalidate_all()
            start = self.cr.sql_log_count
            self.report.get_dashboard()
            return self.cr.sql_log_count - start

        count()
        few = count()
        for _i in range(5):
            self._create_shop()
        self.assertEqual(count(), few)
        self.assertLess(few, 20)

    def test_D5_dashboard_opens_first(self):
        menus = self.env.ref("payment_link_onetime.menu_payment_link_root").child_id
        action = menus.sorted("sequence")[0].action
        self.assertEqual(action.tag, "payment_link_dashboard")
