"""axe, which finds what people with screen readers and keyboards stumble over."""

import json

from axe_playwright_python.base import AXE_SCRIPT, AxeResults

# What makes a page accessible, and what is good practice beyond.
WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
PAGE_RULES = (*WCAG, "best-practice")
# A mail has no landmarks and no heading of its own: the mail program has. Nor has a part of
# a page.
PART_RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa")


def assert_accessible(page, rules=PAGE_RULES, part=None, name=""):
    """Check a page with axe.

    :param playwright.sync_api.Page page: the page, with all that belongs to it
    :param tuple rules: the tags of the rules that hold for it
    :param str part: the selector of what is checked, if that is not all
    :param str name: what the page is, for the report
    """
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(AXE_SCRIPT)
    options = {
        "runOnly": {"type": "tag", "values": rules},
        # Of rules that hold, it does not tell where: that takes longer than all the rest.
        "resultTypes": ["violations"],
    }
    found = page.evaluate(
        f"axe.run({json.dumps(part) if part else 'document'}, {json.dumps(options)})"
    )
    result = AxeResults(found)
    assert not result.violations_count, f"{name} {result.generate_report()}"
    assert found["passes"], "axe has checked nothing"
