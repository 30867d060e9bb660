from lxml import etree

from odoo import models


class CompiledTemplates(dict):
    """Mail templates that were compiled already. It stands in a context."""


class IrQweb(models.AbstractModel):
    _inherit = "ir.qweb"

    def _generate_code_uncached(self, template):
        """Override of `base` to compile the text of a mail once for many mails.

        Views are compiled once anyway, but the templates of mails for each record.
        """
        compiled = self.env.context.get("payment_link_compiled_templates")
        if not isinstance(compiled, CompiledTemplates) or isinstance(
            template, int | str
        ):
            return super()._generate_code_uncached(template)
        names = [
            *self._get_template_cache_keys(),
            "raise_on_forbidden_code_for_model",
        ]
        key = (
            etree.tostring(template),
            *(self.env.context.get(name) or False for name in names),
        )
        if key not in compiled:
            compiled[key] = super()._generate_code_uncached(template)
        return compiled[key]
