"""Run in Odoo's shell: the addon's languages, for `codes`, and what customers see in them."""

# All of Odoo's modules would take five times as long, and no customer reads them.
MODULES = (
    "base",
    "web",
    "mail",
    "portal",
    "payment",
    "payment_demo",
    "account",
    "account_payment",
    "sale",
    "payment_link_onetime",
)
for code in codes:
    env["res.lang"]._activate_lang(code)
env["ir.module.module"]._load_module_terms(MODULES, codes)
env.cr.commit()
