from odoo.exceptions import ValidationError

from .common import PaymentLinkCommon


class TestMetadata(PaymentLinkCommon):
    def _assert_refused(self, message, **values):
        with self.assertRaisesRegex(ValidationError, message), self.cr.savepoint():
            self._create_standalone_link(**values)

    def test_C9_descriptor_is_stored(self):
        descriptor = {
            "name": "N" * 22,
            "phone": "+" + "1" * 12,
            "country": "US",
            "city": "C" * 20,
            "sub_merchant_id": "S" * 15,
        }
        link = self._create_standalone_link(descriptor=descriptor)
        link.invalidate_recordset()
        self.assertEqual(link.descriptor, descriptor)
        self.assertFalse(self._create_standalone_link().descriptor)

    def test_C9_descriptor_that_is_too_long(self):
        """What a statement has no room for would be cut off by whoever prints it."""
        for key, maximum in (
            ("name", 22),
            ("phone", 13),
            ("country", 2),
            ("city", 20),
            ("sub_merchant_id", 15),
        ):
            for text in ("x" * (maximum + 1), 5, None, ["x"]):
                with self.subTest(key=key, text=text):
                    self._assert_refused(
                        f"{key} must be a text of at most {maximum} ",
                        descriptor={key: text},
                    )

    def test_C9_descriptor_of_another_shape(self):
        self._assert_refused("has no street. It has: name", descriptor={"street": "x"})
        for descriptor in ("name", ["name"], 5):
            self._assert_refused("must be an object", descriptor=descriptor)

    def test_metadata_is_stored(self):
        metadata = {f"key {number}": "x" * 500 for number in range(50)}
        link = self._create_standalone_link(metadata=metadata)
        link.invalidate_recordset()
        self.assertEqual(link.metadata, metadata)

    def test_metadata_that_is_too_much(self):
        too_many = {f"key {number}": "x" for number in range(51)}
        for metadata in (too_many, "text", ["text"], 5):
            self._assert_refused("object with at most 50 keys", metadata=metadata)
        for metadata in ({"a": "x" * 501}, {"x" * 501: "a"}, {"a": 5}, {"a": {}}):
            self._assert_refused("texts of at most 500", metadata=metadata)
