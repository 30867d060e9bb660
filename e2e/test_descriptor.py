"""C9: the statement descriptor is handed to Odoo's own modules of providers.

They make their requests themselves, on a real server; a server on this machine receives
them in the place of the providers, and refuses texts as their documentation says.
"""

import json

import pytest
from links import AMOUNT, create_links
from stand_in import StandIn, get_text

from dev.databases import PROVIDERS

SERVER = {"flavour": PROVIDERS, "workers": 2}

SETTINGS = {
    "adyen": {
        "adyen_merchant_account": "x",
        "adyen_api_key": "x",
        "adyen_client_key": "x",
        "adyen_hmac_key": "00",
        "adyen_api_url_prefix": "prefix",
    },
    "mercado_pago": {"mercado_pago_access_token": "x"},
    "paypal": {
        "paypal_email_account": "shop@example.com",
        "paypal_client_id": "x",
        "paypal_client_secret": "x",
    },
    "stripe": {"stripe_publishable_key": "x", "stripe_secret_key": "x"},
    "worldline": {
        "worldline_pspid": "x",
        "worldline_api_key": "x",
        "worldline_api_secret": "x",
        "worldline_webhook_key": "x",
        "worldline_webhook_secret": "x",
    },
}
# A name, the requests that create a payment, by payers on the page and with what they
# saved, and what is in them of the name.
NAME = "Gärten & Co, Rotterdam"
PAGE = {
    "adyen": ("payments", "shopperStatement", "Garten Co, Rotterdam"),
    "mercado_pago": ("preferences", "statement_descriptor", "Garten Co Rot"),
    "paypal": ("orders", "soft_descriptor", "Garten Co Rotterdam"),
    "stripe": ("payment_intents", "statement_descriptor_suffix", "Garten & C"),
    "worldline": ("hostedcheckouts", "descriptor", "Garten Co Rotterdam"),
}
SAVED = {
    "adyen": PAGE["adyen"],
    "mercado_pago": ("payments", *PAGE["mercado_pago"][1:]),
    "stripe": PAGE["stripe"],
    "worldline": ("payments", *PAGE["worldline"][1:]),
}
NASTY = ('Tom\'s "Bar" <b>\\*;=%&?', "花园椅子", "1234567890123456789012", "A")


@pytest.fixture(scope="module")
def stand_in(server):
    with StandIn().running() as running, server.environment() as env:
        env["ir.config_parameter"].set_param("payment_stand_in.url", running.url)
        country = env.ref("base.ec")  # It pays in dollars, as the company does.
        SETTINGS["mercado_pago"]["mercado_pago_account_country_id"] = country.id
        for code in SETTINGS:
            find_provider(env, code).write(
                {"state": "test", "is_published": True, **SETTINGS[code]}
            )
        partner = {"name": "Ada Payer", "email": "ada.payer@example.com"}
        env["res.partner"].create(partner)
        env.cr.commit()
        yield running


def find_provider(env, code):
    domain = [("code", "=", code), ("company_id", "=", env.company.id)]
    (provider,) = env["payment.provider"].search(domain)
    return provider


def create_link(server, code, name=None):
    """Create a link that one provider can pay, in one way; with a descriptor, or none."""
    with server.environment() as env:
        values = {"provider_ids": [(6, 0, find_provider(env, code).ids)]}
        method = "paypal" if code == "paypal" else "card"
        method = env["payment.method"].search([("code", "=", method)])
        values["payment_method_ids"] = [(6, 0, method.ids)]
        customer = env["res.partner"].search([("name", "=", "Ada Payer")], limit=1)
        values["partner_id"] = customer.id
    if name:
        values["descriptor"] = {"name": name, "phone": "+31101234567", "city": "X"}
    (link,) = create_links(server, 1, on_orders=False, **values)
    return link


def ask(stand_in, code, action):
    """Return the requests to a provider during an action, and the action's result.

    PayPal is asked for a token by whoever comes first.
    """
    start = len(stand_in.asked)
    result = action()
    requests = [a for a in stand_in.asked[start:] if a.provider == code]
    return [asked for asked in requests if asked.name != "token"], result


def pay_on_page(link, code):
    """Pay as far as the provider's form goes, and return the charge's reference."""
    browser = link.visit()
    params = browser.choose(code)
    if code in ("mercado_pago", "worldline"):
        params["flow"] = "redirect"
    response = browser.rpc(browser.form["data-transaction-route"], params).json()
    assert "error" not in response, response
    values = response["result"]
    assert values["state"] == "draft", values
    if code == "adyen":
        keys = ("provider_id", "reference", "converted_amount", "partner_id")
        details = {key: values[key] for key in (*keys, "currency_id", "access_token")}
        details["payment_method"] = {"type": "scheme", "brand": "visa"}
        response = browser.rpc("/payment/adyen/payments", details).json()
        assert response["result"]["resultCode"] == "Authorised", response
    return values["reference"]


def pay_inside_mercado_pago(link):
    """Pay with Mercado Pago's own form on the page, which asks in a way of its own."""
    reference = pay_on_page(link, "mercado_pago")
    details = {
        "reference": reference,
        "transaction_amount": AMOUNT,
        "token": "x",
        "installments": 1,
        "payment_method_brand": "visa",
        "issuer_id": "1",
    }
    response = link.visit().rpc("/payment/mercado_pago/payments", details).json()
    assert "error" not in response, response
    return reference


def charge_saved_method(server, link, code):
    """Charge a saved payment method of the link's customer, and return the reference."""
    with server.environment() as env:
        record = env["payment.link"].browse(link.id)
        provider = find_provider(env, code)
        method = env.ref("payment.payment_method_card")
        values = {
            "provider_id": provider.id,
            "payment_method_id": method.id,
            "partner_id": record.partner_id.id,
        }
        details = {"provider_ref": "saved"}
        if code == "stripe":
            details["stripe_payment_method"] = "pm_1"
        token = env["payment.token"].create({**values, **details})
        amount = record._claim("a job")
        charge = env["payment.transaction"].create(
            {
                **values,
                "token_id": token.id,
                "reference": f"{record.code}-{record.charge_count}",
                "amount": amount,
                "currency_id": record.currency_id.id,
                "operation": "offline",
                **record._get_charge_values(),
            }
        )
        charge._charge_with_token()
        assert charge.state == "done", (charge.state, charge.state_message)
        return charge.reference


def anonymous(body, reference):
    """Return a request's body as it is for every charge."""
    code = reference.partition("-")[0]
    return json.loads(json.dumps(body).replace(reference, "REF").replace(code, "CODE"))


def without(body, key):
    """Return a body without a key, wherever it is."""
    if isinstance(body, dict):
        return {k: without(value, key) for k, value in body.items() if k != key}
    if isinstance(body, list):
        return [without(value, key) for value in body]
    return body


def assert_handed_over(stand_in, code, expected, pay):
    """Pay with and without a descriptor: the bodies differ by one field, in one request."""
    name, key, text = expected
    plain, plain_reference = ask(stand_in, code, lambda: pay(None))
    described, reference = ask(stand_in, code, lambda: pay(NAME))
    (asked,) = [asked for asked in described if asked.name == name]
    assert get_text(asked) == text
    assert [a.path for a in described] == [a.path for a in plain]
    for with_text, without_text in zip(described, plain, strict=True):
        before = anonymous(without_text.body, plain_reference)
        after = anonymous(with_text.body, reference)
        if with_text is asked:
            # Worldline's module sends its own reference there.
            before, after = without(before, key), without(after, key)
            assert json.dumps(with_text.body).count(text) == 1
        assert before == after
        assert (get_text(with_text) == text) == (with_text is asked)


@pytest.mark.parametrize("code", PAGE)
def test_C9_payer_on_the_page(server, stand_in, clean_log, code):
    def pay(name):
        return pay_on_page(create_link(server, code, name), code)

    assert_handed_over(stand_in, code, PAGE[code], pay)


def test_C9_form_of_mercado_pago(server, stand_in, clean_log):
    link = create_link(server, "mercado_pago", NAME)
    requests, _reference = ask(
        stand_in, "mercado_pago", lambda: pay_inside_mercado_pago(link)
    )
    texts = {asked.name: get_text(asked) for asked in requests}
    text = PAGE["mercado_pago"][2]
    assert texts == {"preferences": text, "payments": text}
    (body,) = [asked.body for asked in requests if asked.name == "payments"]
    assert body["transaction_amount"] == AMOUNT


@pytest.mark.parametrize("code", SAVED)
def test_C9_saved_method(server, stand_in, code):
    def pay(name):
        return charge_saved_method(server, create_link(server, code, name), code)

    assert_handed_over(stand_in, code, SAVED[code], pay)


@pytest.mark.parametrize("name", NASTY)
@pytest.mark.parametrize("code", PAGE)
def test_C9_no_name_makes_a_payment_fail(server, stand_in, clean_log, code, name):
    """The stand-in refuses what the provider's documentation does not allow."""
    link = create_link(server, code, name)
    requests, reference = ask(stand_in, code, lambda: pay_on_page(link, code))
    assert PAGE[code][0] in [asked.name for asked in requests]
    with server.environment() as env:
        charge = env["payment.transaction"].search([("reference", "=", reference)])
        assert charge.state != "error", charge.state_message


def test_C9_stripe_by_another_method_than_card(server, stand_in):
    """Stripe takes the whole text there, without the account's prefix."""
    link_id = create_link(server, "stripe", NAME).id
    with server.environment() as env:
        method = env["payment.method"].with_context(active_test=False)
        method = method.search([("code", "=", "ideal")], limit=1)
        provider = find_provider(env, "stripe")
        link = env["payment.link"].browse(link_id)
        charge = env["payment.transaction"].create(
            {
                "provider_id": provider.id,
                "payment_method_id": method.id,
                "reference": f"{link.code}-1",
                "amount": link._claim("a payer"),
                "currency_id": link.currency_id.id,
                "partner_id": link.partner_id.id,
                "operation": "online_direct",
                **link._get_charge_values("a payer"),
            }
        )
        intent = charge._stripe_create_intent()
        assert intent, charge.state_message
    body = stand_in.bodies("stripe", "payment_intents")[-1]
    assert body["payment_method_types[]"] == "ideal"
    assert body["statement_descriptor"] == "Garten & Co, Rotterdam"
    assert "statement_descriptor_suffix" not in body


@pytest.mark.parametrize("code", ["adyen", "stripe"])
def test_C9_refund_says_nothing_of_it(server, stand_in, code):
    link = create_link(server, code, NAME)
    reference = charge_saved_method(server, link, code)

    def refund():
        with server.environment() as env:
            charge = env["payment.transaction"].search([("reference", "=", reference)])
            child = charge._create_child_transaction(AMOUNT / 2, is_refund=True)
            child._send_refund_request()

    requests, _nothing = ask(stand_in, code, refund)
    assert [asked.name for asked in requests] == ["refunds"]
    assert "arten" not in json.dumps([asked.body for asked in requests])
