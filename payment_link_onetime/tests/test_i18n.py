import io
import re
from collections import Counter
from pathlib import Path

import polib

from odoo.tests import tagged
from odoo.tools.translate import trans_export

from .common import PaymentLinkCommon

MODULE = "payment_link_onetime"
FOLDER = Path(__file__).parent.parent / "i18n"
LANGUAGES = ("ar", "de", "es", "fr", "nl", "pt_BR")

# What a translation must hand on to the letter: Python's placeholders, a template's
# expressions, and the tags of a page.
PLACEHOLDER = re.compile(
    r"%\(\w+\)[a-z]|%[sd]|\{\{.*?\}\}|</?[a-zA-Z][^>]*>", re.DOTALL
)
# Of tags, what people read may change.
READ_ATTRIBUTE = re.compile(r'\b(alt|aria-label|title|placeholder)="[^"]*"')


def get_placeholders(text):
    """Return what must be the same in a text and its translation, and how often."""
    found = PLACEHOLDER.findall(text.replace("%%", ""))
    return Counter(READ_ATTRIBUTE.sub(r"\1", placeholder) for placeholder in found)


def get_texts(po):
    return {
        (entry.msgid, entry.comment, tuple(sorted(entry.occurrences))) for entry in po
    }


@tagged("post_install", "-at_install")
class TestI18n(PaymentLinkCommon):
    """The addon's texts and their translations. `make i18n` brings the files up to date."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.template = polib.pofile(str(FOLDER / f"{MODULE}.pot"))
        cls.files = {
            language: polib.pofile(str(FOLDER / f"{language}.po"))
            for language in LANGUAGES
        }

    def test_template_is_what_odoo_exports(self):
        exported = io.BytesIO()
        trans_export(None, [MODULE], exported, "po", self.env)
        current = get_texts(polib.pofile(exported.getvalue().decode()))
        stored = get_texts(self.template)
        hint = "Run `make i18n`."
        self.assertFalse(sorted(current - stored)[:5], f"missing. {hint}")
        self.assertFalse(sorted(stored - current)[:5], f"not in use any more. {hint}")

    def test_every_text_has_a_translation(self):
        for language, po in self.files.items():
            with self.subTest(language=language):
                self.assertEqual(get_texts(po), get_texts(self.template))
                self.assertFalse([entry.msgid for entry in po if entry.obsolete])
                self.assertFalse([entry.msgid for entry in po if entry.fuzzy])
                empty = [entry.msgid for entry in po if not entry.msgstr.strip()]
                self.assertFalse(empty[:3], f"{len(empty)} texts are not translated.")

    def test_translations_keep_the_placeholders(self):
        for language, po in self.files.items():
            for entry in po.translated_entries():
                with self.subTest(language=language, msgid=entry.msgid):
                    self.assertEqual(
                        get_placeholders(entry.msgstr), get_placeholders(entry.msgid)
                    )

    def test_placeholders_are_found(self):
        """The test above would not say no to anything if it found none."""
        for text in (
            "%(name)s paid",
            "%s paid",
            "{{ object.name }} paid",
            '<a href="/pay">Pay</a>',
            "<br/>",
        ):
            self.assertTrue(get_placeholders(text), text)
        self.assertNotEqual(get_placeholders("%(a)s %(a)s"), get_placeholders("%(a)s"))
        self.assertEqual(
            get_placeholders('<i title="Paid"/>'), get_placeholders('<i title="Payé"/>')
        )

    def test_odoo_reads_the_files(self):
        """Pages, screens and messages speak each language that is shipped."""
        view = self.env.ref(f"{MODULE}.page")
        for language, po in self.files.items():
            lang = (
                self.env["res.lang"]
                .with_context(active_test=False)
                .search([("iso_code", "=", language)])
            )
            with self.subTest(language=language):
                self.assertEqual(len(lang), 1)
                self.env["res.lang"]._activate_lang(lang.code)
                self.env["ir.module.module"]._load_module_terms([MODULE], [lang.code])
                translated = {entry.msgid: entry.msgstr for entry in po}
                arch = view.with_context(lang=lang.code).arch_db
                self.assertIn(
                    translated["Please switch on JavaScript in your browser to pay."],
                    arch,
                )
                link = self.env["payment.link"].with_context(lang=lang.code)
                text = "This payment link has expired."
                self.assertEqual(link._get_refusal("expired"), translated[text])

    def test_amounts_are_read_from_left_to_right_in_every_language(self):
        self.env["res.lang"]._activate_lang("ar_001")
        link = self._create_link()
        text = link._format_amount(-45.0)
        self.assertEqual(
            link.with_context(lang="ar_001")._format_amount(-45.0),
            f"\N{LEFT-TO-RIGHT ISOLATE}{text}\N{POP DIRECTIONAL ISOLATE}",
        )
