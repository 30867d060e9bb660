from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.tests import tagged

from odoo.addons.payment_link_onetime.models import payment_link_tracking

from .common import PaymentLinkCommon, PaymentLinkHttpCommon

# Who looks at a link before a person does, as they say themselves.
PREVIEWERS = {
    "WhatsApp": "WhatsApp/2.23.20.0 A",
    "Slack": "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "Slack's pictures": "Slack-ImgProxy (+https://api.slack.com/robots)",
    "Teams": (
        "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5"
        " skype-url-preview@microsoft.com"
    ),
    "Facebook": (
        "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)"
    ),
    "Meta": "meta-externalagent/1.1 (+https://developers.facebook.com/docs/sharing)",
    "Twitter": "Twitterbot/1.0",
    "LinkedIn": "LinkedInBot/1.0 (compatible; Mozilla/5.0; +http://www.linkedin.com)",
    "Telegram": "TelegramBot (like TwitterBot)",
    "Discord": "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
    "Google": (
        "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36"
        " (KHTML, like Gecko) Chrome/126.0 Mobile Safari/537.36 (compatible;"
        " Googlebot/2.1; +http://www.google.com/bot.html)"
    ),
    "Gmail's pictures": (
        "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com"
        " GoogleImageProxy)"
    ),
    "Apple": (
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_5) AppleWebKit/605.1.15 (KHTML,"
        " like Gecko) Version/13.1.1 Safari/605.1.15 (Applebot/0.1)"
    ),
    "Bing": "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "Outlook": (
        "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17328; Pro)"
    ),
    "Outlook's SafeLinks": (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; SafeLinks) AppleWebKit/537.36"
        " (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
    ),
    "curl": "curl/8.5.0",
    "nothing": "",
}

PEOPLE = {
    "a phone": (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15"
        " (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1"
    ),
    "Instagram's own browser": (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15"
        " (KHTML, like Gecko) Mobile/15E148 Instagram 334.0.0.27.100"
    ),
    "a phone by Cubot": (
        "Mozilla/5.0 (Linux; Android 11; CUBOT NOTE 20) AppleWebKit/537.36 (KHTML, like"
        " Gecko) Chrome/126.0 Mobile Safari/537.36"
    ),
    "the browser of our tests": (
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"
        " HeadlessChrome/126.0.0.0 Safari/537.36"
    ),
}


@tagged("post_install", "-at_install")
class TestTracking(PaymentLinkCommon):
    """D5, G8: what is known of those who opened a link."""

    def _get_openings(self, link):
        return link.event_ids.filtered(lambda event: event.type == "opened")

    def test_D5_a_visitor_counts_once(self):
        link = self._create_link()
        for _i in range(3):
            link._record_opening("one browser", "email")
        link._record_opening("another browser", "sms")
        self.assertEqual(len(self._get_openings(link)), 2)
        self.assertEqual(link.visitor_count, 2)
        self.assertEqual(
            set(self._get_openings(link).mapped("channel")), {"email", "sms"}
        )

    def test_D5_who_comes_back_is_the_same_visitor(self):
        link = self._create_link()
        link._record_opening("one browser", "email")
        with freeze_time(fields.Datetime.now() + timedelta(minutes=29)):
            link._record_opening("one browser")
        self.assertEqual(len(self._get_openings(link)), 1)
        with freeze_time(fields.Datetime.now() + timedelta(minutes=31)):
            link._record_opening("one browser")
        self.assertEqual(sorted(self._get_openings(link).mapped("visit")), [1, 2])
        self.assertEqual(link.visitor_count, 1)

    def test_D5_first_and_last_opening(self):
        link = self._create_link()
        link._record_opening("one browser")
        link._record_opening("another browser")
        first, last = self._get_openings(link).sorted("id")
        self._set_time(first, "2030-01-01 10:00:00")
        self._set_time(last, "2030-01-03 10:00:00")
        self.assertEqual(str(link.first_opened_at), "2030-01-01 10:00:00")
        self.assertEqual(str(link.last_opened_at), "2030-01-03 10:00:00")

    def test_D5_unknown_channel_is_direct(self):
        link = self._create_link()
        link._record_opening("one browser", "<script>")
        link._record_opening("another browser", {"a": "dict"}.get("b"))
        self.assertEqual(
            self._get_openings(link).mapped("channel"), ["direct", "direct"]
        )

    def test_D5_cookies_are_not_kept(self):
        link = self._create_link()
        link._record_opening("one browser")
        visitor = self._get_openings(link).sudo().visitor
        self.assertNotIn("one browser", visitor)
        self.assertEqual(visitor, link._hash_payer_key("one browser"))
        seller = self._create_user("visitor_reader", "sales_team.group_sale_salesman")
        event = self._get_openings(link).with_user(seller)
        self.assertNotIn("visitor", event.fields_get())

    @patch.object(payment_link_tracking, "OPENINGS_PER_HOUR", 3)
    def test_D5_a_flood_is_capped(self):
        link, other = self._create_link(amount=10.0), self._create_link(amount=10.0)
        for number in range(5):
            link._record_opening(f"browser {number}")
        other._record_opening("browser 1")
        self.assertEqual(len(self._get_openings(link)), 3)
        self.assertEqual(len(self._get_openings(other)), 1)
        with freeze_time(fields.Datetime.now() + timedelta(minutes=61)):
            link._record_opening("a customer")
        self.assertEqual(len(self._get_openings(link)), 4)

    def test_rule_11_opening_does_not_write_the_link(self):
        link = self._create_link()
        self.env.flush_all()
        query = "SELECT xmin, ctid FROM payment_link WHERE id = %s"
        self.cr.execute(query, [link.id])
        before = self.cr.fetchall()
        link._record_opening("one browser", "email")
        self.env.flush_all()
        self.cr.execute(query, [link.id])
        self.assertEqual(self.cr.fetchall(), before)

    def test_D5_attempts_and_payments_carry_the_payers_channel(self):
        link = self._create_link()
        link._record_opening(self.payer_key, "sms")
        link._record_opening(self.other_payer_key, "email")
        charge = self._create_charge(link)
        charge._set_error("No money on this card")
        self.assertEqual(charge.payment_link_channel, "sms")
        self.assertEqual(link.last_failure, "No money on this card")
        self._pay(link)
        channels = {
            event.type: event.channel
            for event in link.event_ids
            if event.type in ("attempted", "failed", "paid")
        }
        self.assertEqual(
            channels, dict.fromkeys(("attempted", "failed", "paid"), "sms")
        )
        self.assertEqual(link.charge_count, 2)

    def test_D5_who_comes_back_by_the_plain_address_came_by_what_was_sent(self):
        link = self._create_link()
        link._record_opening(self.payer_key, "email")
        with freeze_time(fields.Datetime.now() + timedelta(hours=1)):
            link._record_opening(self.payer_key)
        self.assertEqual(link._get_visit_channel(self.payer_key), "email")
        self.assertEqual(link._get_visit_channel("a browser without scripts"), "direct")

    def test_D5_refunds_carry_the_channel_of_what_they_refund(self):
        self.provider.write({"support_refund": "partial"})
        link = self._create_link()
        link._record_opening(self.payer_key, "email")
        charge = self._pay(link)
        refund = charge._create_child_transaction(30.0, is_refund=True)
        refund._set_done()
        self.assertEqual(refund.payment_link_channel, "email")

    def test_D5_time_to_pay_counts_from_the_first_sending(self):
        link = self._create_link()
        for channel in ("email", "sms"):
            link._record_event("sent", channel=channel)
        self._pay(link)
        first, second = link.event_ids.filtered(lambda e: e.type == "sent").sorted("id")
        self._set_time(first, "2030-01-01 10:00:00")
        self._set_time(second, "2030-01-02 10:00:00")
        paid = link.event_ids.filtered(lambda event: event.type == "paid")
        self._set_time(paid, "2030-01-04 11:00:00")
        self.assertEqual(link.time_to_pay, "3 days")
        self.env["res.lang"]._activate_lang("fr_FR")
        self.assertRegex(link.with_context(lang="fr_FR").time_to_pay, r"3\sjours")

    def test_D5_nothing_happened_yet(self):
        link = self._create_link()
        self.assertFalse(link.last_opened_at or link.time_to_pay or link.last_failure)
        self.assertEqual(link.visitor_count, 0)

    def test_D5_lists_cost_no_query_per_link(self):
        links = self.env["payment.link"]
        for _i in range(12):
            links += self._create_standalone_link()
        links[:5]._record_event("opened", channel="email", visitor="a", visit=1)
        names = ["last_opened_at", "visitor_count", "time_to_pay", "last_failure"]

        def count(records):
            self.env.flush_all()
            self.env.invalidate_all()
            start = self.cr.sql_log_count
            records.read(names)
            return self.cr.sql_log_count - start

        count(links)
        self.assertEqual(count(links), count(links[:2]))

    # === CAMPAIGNS === #

    def _create_utm(self):
        return {
            "campaign_id": self.env["utm.campaign"].create({"name": "Spring"}).id,
            "source_id": self.env["utm.source"].create({"name": "Fair"}).id,
            "medium_id": self.env["utm.medium"].create({"name": "Flyer"}).id,
        }

    def test_D11_the_order_takes_the_campaign_of_the_link_that_paid_it(self):
        values = self._create_utm()
        link = self._create_link(**values)
        self.assertEqual(link.event_ids.campaign_id.ids, [values["campaign_id"]])
        self._pay(link)
        self.assertFalse(self.order.campaign_id)  # not in the payer's request
        self._run_jobs()
        for name, value in values.items():
            self.assertEqual(self.order[name].id, value)

    def test_D11_an_order_keeps_its_own_campaign(self):
        values = self._create_utm()
        source = self.env["utm.source"].create({"name": "Our own newsletter"})
        self.order.source_id = source
        link = self._create_link(**values)
        self._pay(link)
        self._run_jobs()
        self.assertEqual(self.order.source_id, source)
        self.assertFalse(self.order.campaign_id or self.order.medium_id)

    def test_D11_automatic_invoices_take_the_campaign_as_well(self):
        self.env["ir.config_parameter"].sudo().set_param("sale.automatic_invoice", "1")
        self.order.order_line.product_id.invoice_policy = "order"
        values = self._create_utm()
        self._pay(self._create_link(**values))
        self._run_jobs()
        self.assertEqual(self.order.invoice_ids.campaign_id.id, values["campaign_id"])

    def test_D11_an_unpaid_link_gives_nothing(self):
        link = self._create_link(**self._create_utm())
        self._create_charge(link)._set_error("Refused")
        self._run_jobs()
        self.assertFalse(self.order.campaign_id)


@tagged("post_install", "-at_install")
class TestOpeningHttp(PaymentLinkHttpCommon):
    """G8: who counts as a visitor, at the door."""

    def _assert_nothing_happened(self, link):
        self.env.invalidate_all()
        self.assertFalse(link.first_opened_at)
        self.assertEqual(link.visitor_count, 0)
        self.assertEqual(link.event_ids.mapped("type"), ["created"])

    def test_G8_E6_previews_and_bots_count_for_nothing(self):
        link = self._create_link(activation_minutes=5)
        for name, user_agent in PREVIEWERS.items():
            with self.subTest(previewer=name):
                self._open_page(link, "email", {"User-Agent": user_agent})
                self._assert_nothing_happened(link)
        with freeze_time(fields.Datetime.now() + timedelta(days=1)):
            self.assertEqual(link._get_page_state(), "open")  # No clock was started.

    def test_G8_pages_that_are_read_in_advance_count_for_nothing(self):
        link = self._create_link()
        for name, value in (
            ("Purpose", "prefetch"),
            ("Sec-Purpose", "prefetch;prerender"),
            ("X-Purpose", "preview"),
            ("X-Moz", "prefetch"),
            ("Odoo-Link-Preview", "True"),
        ):
            with self.subTest(header=name):
                self._open_page(link, headers={name: value})
                self._assert_nothing_happened(link)

    def test_G8_head_and_get_count_for_nothing(self):
        link = self._create_link()
        self.url_open(link._get_page_path(), method="HEAD")
        self.url_open(f"{link._get_page_path()}?via=email")
        self._assert_nothing_happened(link)

    def test_G8_who_never_read_the_page_counts_for_nothing(self):
        link = self._create_link()
        self.opener.cookies.clear()
        self.make_jsonrpc_request(f"{link._get_page_path()}/opened", {"via": "email"})
        self._assert_nothing_happened(link)

    def test_G8_colleagues_are_no_customers(self):
        link = self._create_link(activation_minutes=5)
        self._create_user("looker", "sales_team.group_sale_salesman")
        self.authenticate("payment_link_looker", "payment_link_looker")
        self._open_page(link)
        self._assert_nothing_happened(link)

    def test_G8_people_count(self):
        for name, user_agent in PEOPLE.items():
            link = self._create_link(amount=10.0)
            with self.subTest(browser=name):
                self._open_page(link, "sms", {"User-Agent": user_agent})
                self._open_page(link, "sms", {"User-Agent": user_agent})
                self.assertEqual(link.visitor_count, 1)
                opening = link.event_ids.filtered(lambda e: e.type == "opened")
                self.assertEqual(opening.mapped("channel"), ["sms"])

    def test_G8_other_cookies_are_other_visitors(self):
        link = self._create_link()
        for _i in range(2):
            self.opener.cookies.clear()
            self._open_page(link)
        self.assertEqual(link.visitor_count, 2)

    def test_D5_channel_of_a_whole_payment(self):
        """The payer's cookie leads from what was sent to her to the money."""
        link = self._create_link()
        self._open_page(link, "email")
        values = self._post_transaction(link)
        self._get_charge(values)._set_done()
        self.env.invalidate_all()
        paid = link.event_ids.filtered(lambda event: event.type == "paid")
        self.assertEqual(paid.channel, "email")

    def test_D5_channel_is_no_text_of_the_callers(self):
        link = self._create_link()
        for via in ("<b>", ["email"], {"a": 1}, 7, None):
            self.opener.cookies.clear()
            with self.subTest(via=via):
                self.url_open(link._get_page_path())
                self.make_jsonrpc_request(
                    f"{link._get_page_path()}/opened",
                    {"via": via},
                    headers={"User-Agent": PEOPLE["a phone"]},
                )
        self.env.invalidate_all()
        openings = link.event_ids.filtered(lambda event: event.type == "opened")
        self.assertEqual(set(openings.mapped("channel")), {"direct"})
        self.assertEqual(link.visitor_count, 5)
