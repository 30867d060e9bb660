import json
import re
from contextlib import contextmanager
from unittest.mock import patch

import psycopg2

from odoo.tests import BaseCase
from odoo.tools import mute_logger

from ..descriptor import (
    _FIELDS,
    REFERENCE_KEYS,
    STRIPE_CARD,
    STRIPE_OTHER,
    get_descriptor_field,
)
from .common import PaymentLinkCommon
from .webhook_common import receiving

LOGGER = "odoo.addons.payment_link_onetime.models.payment_transaction_descriptor"
ENDPOINT = "/payments"
NAMES = (
    "GARDEN CHAIRS",
    "Café “Blümchen” & Söhne",
    "Tom's <b>*Bar*</b>\\",
    "Łódź Straße Øre Æsop",
    "花园椅子",
    "花园 Garden",
    "🌷🌷🌷",
    "1234567890123456789012",
    "A",
    "--- ---",
    "line\nbreak\tand\x00zero",
    " " * 22,
    "",
)


class TestDescriptorField(BaseCase):
    """C9: each provider gets what its documentation takes, or nothing."""

    def _assert_fits(self, field, pattern, **expected):
        """Whatever the name: the text is empty, or as the documentation has it."""
        for name in NAMES:
            with self.subTest(name=name):
                text = field.fit(name)
                self.assertTrue(not text or re.fullmatch(pattern, text), text)
        for text in expected.values():
            name, fitted = text
            self.assertEqual(field.fit(name), fitted)

    def test_C9_stripe_cards(self):
        self._assert_fits(
            STRIPE_CARD,
            r"(?=.*[A-Za-z])[A-Za-z0-9 !#$%&()+,\-./:;=?@_]{1,10}",
            # The longest prefix, an asterisk and a space leave ten characters of 22.
            cut=("GARDEN CHAIRS", "GARDEN CHA"),
            space=("GARDENSIX CHAIRS", "GARDENSIX"),
            accents=("Blümchen", "Blumchen"),
            refused=("Tom's \\<*Bar>", "Toms Bar"),
            digits=("1234567890A", ""),
        )

    def test_C9_stripe_other_methods(self):
        self._assert_fits(
            STRIPE_OTHER,
            r"(?=.*[A-Za-z])[A-Za-z0-9 !#$%&()+,\-./:;=?@_]{5,22}",
            whole=("GARDEN CHAIRS & TABLES", "GARDEN CHAIRS & TABLES"),
            short=("ACME", ""),
            digits=("12345678", ""),
        )

    def test_C9_adyen(self):
        self._assert_fits(
            _FIELDS[("adyen", "/payments")],
            r"(?=.*[A-Za-z])[A-Za-z0-9 .,'_\-?+*/]{1,22}",
            apostrophe=("Tom’s Bar", "Tom's Bar"),
            ampersand=("Tom & Jerry", "Tom Jerry"),
            digits=("12345678", ""),
        )

    def test_C9_paypal(self):
        self._assert_fits(
            _FIELDS[("paypal", "/v2/checkout/orders")],
            r"[A-Za-z0-9 \-*.]{1,22}",
            comma=("Garden, Chairs", "Garden Chairs"),
            phone=("800-123-1234", "800-123-1234"),
        )

    def test_C9_mercado_pago(self):
        for endpoint in ("/checkout/preferences", "/v1/payments"):
            self._assert_fits(
                _FIELDS[("mercado_pago", endpoint)],
                r"[A-Za-z0-9 ]{1,13}",
                cut=("GARDEN CHAIRS CO", "GARDEN CHAIRS"),
                marks=("Garden-Chairs!", "Garden Chairs"),
            )

    def test_C9_worldline(self):
        for endpoint in ("hostedcheckouts", "payments"):
            self._assert_fits(
                _FIELDS[("worldline", endpoint)],
                r"[A-Za-z0-9 \-.]{1,22}",
                whole=("GARDEN-CHAIRS.EXAMPLE", "GARDEN-CHAIRS.EXAMPLE"),
            )

    def test_C9_stripe_refuses_the_whole_text_for_cards(self):
        """Where a card may be among several methods, it is treated as one."""
        for types in ("card", ["card", "ideal"], None):
            payload = {"payment_method_types[]": types}
            field = get_descriptor_field("stripe", "POST", "payment_intents", payload)
            self.assertEqual(field, STRIPE_CARD)
        for types in ("ideal", "sepa_debit", "us_bank_account"):
            payload = {"payment_method_types[]": types}
            field = get_descriptor_field("stripe", "POST", "payment_intents", payload)
            self.assertEqual(field, STRIPE_OTHER)

    def test_C9_other_requests_are_left_alone(self):
        """Refunds, captures, voids, customers, tokens: nobody reads these."""
        for provider_code, method, endpoint in (
            ("stripe", "POST", "refunds"),
            ("stripe", "POST", "customers"),
            ("stripe", "POST", "setup_intents"),
            ("stripe", "POST", "payment_intents/pi_1/capture"),
            ("stripe", "POST", "payment_intents/pi_1/cancel"),
            ("stripe", "GET", "payment_intents"),
            ("adyen", "POST", "/payments/details"),
            ("adyen", "POST", "/payments/{}/refunds"),
            ("adyen", "POST", "/payments/{}/captures"),
            ("adyen", "POST", "/payments/{}/cancels"),
            ("paypal", "POST", "/v2/checkout/orders/1/capture"),
            ("mercado_pago", "GET", "/v1/payments/1"),
            ("worldline", "GET", "hostedcheckouts"),
            ("mollie", "POST", "/payments"),
        ):
            field = get_descriptor_field(provider_code, method, endpoint, {})
            self.assertIsNone(field, (provider_code, method, endpoint))


class TestDescriptor(PaymentLinkCommon):
    """C9: the descriptor is handed to the provider, and never costs a payment."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.descriptor = {"name": "GARDEN CHAIRS", "city": "Rotterdam"}
        cls.payload = {"amount": {"value": 10000}, "reference": "X"}

    @contextmanager
    def _provider(self):
        """Give the bodies that reach the provider, which is on this machine."""
        bodies = []

        def answer(handler):
            bodies.append(json.loads(handler.server.receiver.requests[-1].body))
            handler.reply(200, b"{}")

        provider_class = self.env.registry["payment.provider"]
        with (
            receiving(answer=answer) as receiver,
            patch.object(
                provider_class,
                "_build_request_url",
                lambda *_args, **_kwargs: receiver.url,
            ),
        ):
            yield bodies

    def _hook(self, hook):
        """Do what the module of another provider does."""
        transaction_class = self.env.registry["payment.transaction"]
        return patch.object(transaction_class, "_add_payment_link_descriptor", hook)

    def _send(self, charge):
        """Ask the provider for a charge, and return what it was told."""
        with self._provider() as bodies:
            charge._send_api_request("POST", ENDPOINT, json=self.payload)
        return bodies

    def _create_described_charge(self):
        return self._create_charge(self._create_link(descriptor=self.descriptor))

    def test_C9_charge_takes_it_over(self):
        charge = self._create_described_charge()
        charge.invalidate_recordset()
        self.assertEqual(charge._get_payment_link_descriptor(), self.descriptor)
        self.assertFalse(
            self._pay(self._create_standalone_link()).payment_link_descriptor
        )

    def test_C9_not_on_refunds_captures_and_voids(self):
        self.provider.write(
            {"support_refund": "partial", "support_manual_capture": "partial"}
        )
        charge = self._create_described_charge()
        charge._set_done()
        for is_refund in (True, False):
            child = charge._create_child_transaction(10.0, is_refund=is_refund)
            self.assertEqual(child.payment_link_id, charge.payment_link_id)
            self.assertEqual(child._get_payment_link_descriptor(), {})

    def test_C9_provider_of_somebody_else_takes_all_of_it(self):
        def add(charge, method, endpoint, payload):
            self.assertEqual((method, endpoint), ("POST", ENDPOINT))
            payload["statement"] = charge._get_payment_link_descriptor()
            return payload

        with self._hook(add):
            bodies = self._send(self._create_described_charge())
        self.assertEqual(bodies, [{**self.payload, "statement": self.descriptor}])
        self.assertNotIn("statement", self.payload)

    def test_C9_provider_that_takes_none(self):
        self.assertEqual(self._send(self._create_described_charge()), [self.payload])

    def test_C9_error_does_not_lose_the_payment(self):
        """The request goes out as it was, also when half of it was changed."""

        def fail(charge, _method, _endpoint, payload):
            payload["amount"]["value"] = 0
            charge.env.cr.execute("SELECT 1 / 0")

        charge = self._create_described_charge()
        with self._hook(fail), mute_logger("odoo.sql_db"), self.assertLogs(LOGGER):
            bodies = self._send(charge)
        self.assertEqual(bodies, [{"amount": {"value": 10000}, "reference": "X"}])
        charge._set_done()
        self.assertEqual(charge.payment_link_id.payment_status, "paid")

    def test_C9_collision_starts_over_before_anything_is_sent(self):
        def collide(*_args):
            raise psycopg2.OperationalError

        charge = self._create_described_charge()
        with self._hook(collide), self._provider() as bodies:
            with self.assertRaises(psycopg2.OperationalError):
                charge._send_api_request("POST", ENDPOINT, json=self.payload)
        self.assertEqual(bodies, [])

    def test_C9_body_that_is_no_object_is_left_alone(self):
        charge = self._create_described_charge()
        for payload in (None, "<xml/>", [1]):
            self.assertIs(
                charge._describe_payment_link_request("POST", ENDPOINT, payload),
                payload,
            )

    def test_C9_body_of_another_shape_is_sent_as_it_is(self):
        """A module of the provider that is newer than this addon."""
        payload = {"purchase_units": []}
        key = (self.provider.code, ENDPOINT)
        field = _FIELDS[("paypal", "/v2/checkout/orders")]
        charge = self._create_described_charge()
        with patch.dict(_FIELDS, {key: field}), self.assertLogs(LOGGER):
            result = charge._describe_payment_link_request("POST", ENDPOINT, payload)
        self.assertEqual(result, {"purchase_units": []})

    def test_C9_without_a_descriptor_no_query_more(self):
        """Neither for transactions without a link nor for links without one."""
        no_link = self._create_transaction("direct", reference="no link")
        no_descriptor = self._create_charge(self._create_link())
        key = (self.provider.code, ENDPOINT)
        field = _FIELDS[("adyen", "/payments")]
        self.env.flush_all()
        with (
            patch.dict(_FIELDS, {key: field}),
            patch.dict(REFERENCE_KEYS, {key: "reference"}),
        ):
            for charge in (no_link, no_descriptor):
                payload = {**self.payload, "reference": charge.reference}
                charge.invalidate_recordset()
                # What Adyen's controller reads before it asks.
                self.assertTrue(charge.partner_name)
                self.assertTrue(charge.provider_id.code)
                with self._provider() as bodies, self.assertQueryCount(0):
                    charge._send_api_request("POST", ENDPOINT, json=payload)
                    charge.provider_id._send_api_request("POST", ENDPOINT, json=payload)
                self.assertEqual(bodies, [payload, payload])

    def test_C9_charge_named_in_the_body(self):
        """Adyen's controller asks the provider itself, and knows no transaction."""
        charge = self._create_described_charge()
        key = (self.provider.code, ENDPOINT)
        field = _FIELDS[("adyen", "/payments")]
        with (
            patch.dict(_FIELDS, {key: field}),
            patch.dict(REFERENCE_KEYS, {key: "reference"}),
            self._provider() as bodies,
        ):
            for reference in (charge.reference, "unknown", None, 5):
                for _is_read in (True, False):
                    payload = {**self.payload, "reference": reference}
                    self.provider._send_api_request("POST", ENDPOINT, json=payload)
                    self.env.invalidate_all()
            other = self.provider.copy()
            payload = {**self.payload, "reference": charge.reference}
            other._send_api_request("POST", ENDPOINT, json=payload)
        described = {**payload, "shopperStatement": "GARDEN CHAIRS"}
        self.assertEqual(bodies[:2], [described, described])
        for body in bodies[2:]:
            self.assertNotIn("shopperStatement", body)

    def test_C9_stripe_suffix_has_the_length_of_the_settings(self):
        charge = self._create_described_charge()
        parameters = self.env["ir.config_parameter"]
        for text, length in (
            (False, 10),
            ("13", 13),
            ("18", 18),
            ("19", 10),
            ("0", 10),
            ("-5", 10),
            ("many", 10),
        ):
            parameters.set_param("payment_link_onetime.stripe_suffix_length", text)
            self.assertEqual(charge._get_stripe_suffix_length(), length, text)

    def test_C9_form_shows_it(self):
        link = self._create_standalone_link(descriptor=self.descriptor)
        self.assertEqual(link.descriptor_text, "GARDEN CHAIRS, Rotterdam")
        self.assertFalse(self._create_standalone_link().descriptor_text)
