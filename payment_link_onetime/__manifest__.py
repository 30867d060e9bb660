{
    "name": "Payment Links",
    "summary": "Send one-time payment links for quotations, orders, contacts, or any"
    " amount",
    "version": "19.0.1.0.0",
    "category": "Sales/Sales",
    "author": "Payment Link Onetime",
    "license": "LGPL-3",
    "depends": ["sale"],
    "external_dependencies": {"python": ["qrcode"]},
    "data": [
        "security/payment_link_security.xml",
        "security/ir.model.access.csv",
        "data/res_partner_data.xml",
        "data/mail_template_data.xml",
        "data/ir_cron_data.xml",
        "wizards/payment_link_send_views.xml",
        "views/payment_link_views.xml",
        "views/payment_link_templates.xml",
        "views/payment_transaction_views.xml",
        "views/sale_order_views.xml",
        "views/res_partner_views.xml",
        "views/res_config_settings_views.xml",
    ],
    "demo": ["demo/payment_link_demo.xml"],
    "assets": {
        "web.assets_frontend": [
            "payment_link_onetime/static/src/interactions/**/*",
            "payment_link_onetime/static/src/scss/**/*",
        ],
        "web.assets_tests": ["payment_link_onetime/static/tests/tours/**/*"],
    },
    "application": True,
}
