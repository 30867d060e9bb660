from odoo.tests import tagged

from ..controllers.api_operation import OPERATIONS
from .api_common import PaymentLinkApiCommon


@tagged("post_install", "-at_install")
class TestApiDocs(PaymentLinkApiCommon):
    """What programs and people read about the API."""

    def test_document_names_every_operation(self):
        document = self.url_open("/payment_link/v1/openapi.json").json()
        self.assertEqual(document["openapi"], "3.1.0")
        named = {
            operation["operationId"]
            for path in document["paths"].values()
            for operation in path.values()
        }
        self.assertEqual(named, {told.name for told in OPERATIONS})
        for path in document["paths"].values():
            for operation in path.values():
                self.assertTrue(operation["summary"])

    def test_page_for_people_loads_nothing(self):
        response = self.url_open("/payment_link/v1/docs")
        self.assertEqual(response.status_code, 200)
        self.assertIn("Authorization: Bearer &lt;key&gt;", response.text)
        for told in OPERATIONS:
            self.assertIn(f'id="{told.name}"', response.text)
        for word in ("<script", "<link", "src=", "@import"):
            self.assertNotIn(word, response.text)
