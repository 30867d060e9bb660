"""Run in Odoo's shell: make what the tests' browsers load, unless it is there already.

It is stored with the database, so every copy of it has it at once.
"""

BUNDLES = [
    ("web.assets_frontend", "css", {}),
    ("web.assets_frontend_minimal", "js", {}),
    ("web.assets_frontend_lazy", "js", {}),
    ("web.assets_web", "css", {}),
    ("web.assets_web", "js", {}),
    ("web.assets_web_print", "css", {}),
    ("web.assets_emoji", "js", {}),
    ("web.assets_tests", "js", {}),
    ("web.__assets_tests_call__", "js", {}),
    ("web.report_assets_common", "css", {"autoprefix": True}),
    ("web.report_assets_common", "js", {}),
    ("web.report_assets_pdf", "css", {"autoprefix": True}),
    ("bus.websocket_worker_assets", "js", {}),
]
if env["res.lang"].search_count([("direction", "=", "rtl")]):
    BUNDLES.append(("web.assets_frontend", "css", {"rtl": True}))

for name, kind, options in BUNDLES:
    kinds = {"css": kind == "css", "js": kind == "js"}
    bundle = env["ir.qweb"]._get_asset_bundle(name, **kinds, **options)
    getattr(bundle, kind)()
env.cr.commit()
