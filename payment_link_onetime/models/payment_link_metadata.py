from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..const import DESCRIPTOR_LENGTHS, MAX_METADATA_KEYS, MAX_METADATA_TEXT


class PaymentLink(models.Model):
    """What a caller stores with a link for others: for statements, and for itself."""

    _inherit = "payment.link"

    descriptor_text = fields.Char(
        string="Statement Descriptor",
        compute="_compute_descriptor_text",
        help="What the payer reads on the statement, where the provider takes it. Other"
        " programs set it when they make the link.",
    )

    # === CONSTRAINT METHODS === #

    @api.constrains("descriptor")
    def _check_descriptor(self):
        for link in self:
            descriptor = link.descriptor or {}
            if not isinstance(descriptor, dict):
                raise ValidationError(
                    self.env._("The statement descriptor must be an object.")
                )
            for key, text in descriptor.items():
                maximum = DESCRIPTOR_LENGTHS.get(key)
                if maximum is None:
                    raise ValidationError(
                        self.env._(
                            "A statement descriptor has no %(key)s. It has: %(keys)s.",
                            key=key,
                            keys=", ".join(DESCRIPTOR_LENGTHS),
                        )
                    )
                if not isinstance(text, str) or len(text) > maximum:
                    raise ValidationError(
                        self.env._(
                            "The statement descriptor's %(key)s must be a text of at"
                            " most %(maximum)s characters.",
                            key=key,
                            maximum=maximum,
                        )
                    )

    @api.constrains("metadata")
    def _check_metadata(self):
        for link in self:
            metadata = link.metadata or {}
            if not isinstance(metadata, dict) or len(metadata) > MAX_METADATA_KEYS:
                raise ValidationError(
                    self.env._(
                        "The metadata must be an object with at most %(maximum)s keys.",
                        maximum=MAX_METADATA_KEYS,
                    )
                )
            for item in metadata.items():
                if any(
                    not isinstance(text, str) or len(text) > MAX_METADATA_TEXT
                    for text in item
                ):
                    raise ValidationError(
                        self.env._(
                            "Keys and values of the metadata must be texts of at most"
                            " %(maximum)s characters. This is not: %(key)s.",
                            maximum=MAX_METADATA_TEXT,
                            key=str(item[0])[:50],
                        )
                    )

    # === COMPUTE METHODS === #

    @api.depends("descriptor")
    def _compute_descriptor_text(self):
        for link in self:
            parts = link.descriptor or {}
            texts = (parts.get(key) for key in DESCRIPTOR_LENGTHS)
            link.descriptor_text = ", ".join(filter(None, texts))
