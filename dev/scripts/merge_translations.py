"""Bring the translators' files up to what Odoo exported.

`merge_translations.py <exported .pot> <i18n folder> <addons path> <language> ...`
"""

import sys
from pathlib import Path

import polib

# Odoo puts the fields of these models on every model that inherits from them, and their
# labels into every addon's texts. They are translated already.
_ODOO_FIELDS = ("mail", "sms", "utm")
# Where they are: "model:ir.model.fields,field_description:mail.field_x__message_ids".
_FIELD_PREFIX = "model:ir.model.fields,"
# A day in a file would make every run a change.
_DATES = ("POT-Creation-Date", "PO-Revision-Date")


def main(exported, folder, addons_path, *languages):
    template = polib.pofile(exported)
    for name in _DATES:
        template.metadata.pop(name, None)
    folder = Path(folder)
    folder.mkdir(exist_ok=True)
    template.save(str(folder / f"{folder.parent.name}.pot"))
    print(f"{len(template)} texts")
    for language in languages:
        path = folder / f"{language}.po"
        merged = merge(template, path, language, addons_path.split(","))
        merged.save(str(path))
        missing = len(merged.untranslated_entries()) + len(merged.fuzzy_entries())
        print(f"  {path.name}: {missing or 'none'} to translate")


def merge(template, path, language, addons_folders):
    """Return a language's file with the texts of the template, in the same order."""
    known = {}
    for entry in polib.pofile(str(path)) if path.exists() else ():
        if not entry.obsolete:
            known[entry.msgid] = entry
    merged = polib.POFile()
    merged.header = template.header
    merged.metadata = {**template.metadata, "Language": language}
    field_labels = read_field_labels(language, addons_folders)
    for source in template:
        entry = polib.POEntry(
            msgid=source.msgid,
            occurrences=source.occurrences,
            comment=source.comment,
        )
        if old := known.get(source.msgid):
            entry.msgstr, entry.flags = old.msgstr, old.flags
            entry.tcomment = old.tcomment
        if not entry.msgstr:
            names = [field_name(*place) for place in source.occurrences]
            texts = [field_labels.get((name, source.msgid)) for name in names]
            entry.msgstr = texts[0] if all(texts) else ""
        merged.append(entry)
    return merged


def field_name(place, _line):
    """Return the field that a text is a label of, or None."""
    return place.rpartition("__")[2] if place.startswith(_FIELD_PREFIX) else None


def read_field_labels(language, addons_folders):
    """Return what Odoo's own translators wrote: field and text, and the translation."""
    labels = {}
    for module in _ODOO_FIELDS:
        for folder in addons_folders:
            path = Path(folder) / module / "i18n" / f"{language}.po"
            for entry in polib.pofile(str(path)) if path.exists() else ():
                for place in entry.occurrences:
                    if name := field_name(*place):
                        labels.setdefault((name, entry.msgid), entry.msgstr)
    return labels


if __name__ == "__main__":
    main(*sys.argv[1:])
