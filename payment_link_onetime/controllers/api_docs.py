from odoo import http, modules
from odoo.http import request

from ..schemas import openapi
from .api_operation import OPERATIONS, PREFIX


class PaymentLinkApiDocs(http.Controller):
    @http.route(
        f"{PREFIX}/openapi.json",
        type="http",
        auth="public",
        methods=["GET"],
        readonly=True,
        save_session=False,
    )
    def openapi(self):
        """Show the API to programs: its OpenAPI 3.1 document."""
        return request.make_json_response(self._get_document())

    @http.route(
        f"{PREFIX}/docs",
        type="http",
        auth="public",
        methods=["GET"],
        readonly=True,
        save_session=False,
        sitemap=False,
    )
    def docs(self):
        """Show the API to people. The page loads nothing from anywhere."""
        document = self._get_document()
        return request.render(
            "payment_link_onetime.api_docs",
            {"document": document, "schemas": document["components"]["schemas"]},
        )

    @staticmethod
    def _get_document():
        manifest = modules.Manifest.for_addon("payment_link_onetime")
        url = request.httprequest.url_root.rstrip("/") + PREFIX
        return openapi.build(OPERATIONS, manifest.version, url)
