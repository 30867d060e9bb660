{
    "name": "Payment Providers: Stand-in",
    "summary": "Odoo's own providers talk to a server on this machine. For tests only",
    "version": "19.0.1.0.0",
    "category": "Accounting/Payment Providers",
    "author": "Payment Link Onetime",
    "license": "LGPL-3",
    "depends": [
        "payment_adyen",
        "payment_mercado_pago",
        "payment_paypal",
        "payment_stripe",
        "payment_worldline",
    ],
}
