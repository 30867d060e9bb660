{
    "name": "Payment Provider: Loopback",
    "summary": "A redirect provider whose payment pages are on this very server. For"
    " tests only",
    "version": "19.0.1.0.0",
    "category": "Accounting/Payment Providers",
    "author": "Payment Link Onetime",
    "license": "LGPL-3",
    "depends": ["payment"],
    "data": [
        "views/payment_loopback_templates.xml",
        "data/payment_method_data.xml",
        "data/payment_provider_data.xml",
    ],
    "post_init_hook": "post_init_hook",
    "uninstall_hook": "uninstall_hook",
}
