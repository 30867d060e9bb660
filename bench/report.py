"""One table: what was measured, ours, Odoo's, the ratio, and what it should be."""

from dataclasses import dataclass

_HEADINGS = ("measured", "ours", "Odoo's own", "ratio", "at least", "aim", "")


@dataclass(frozen=True)
class Row:
    """One line of the table.

    :param str title: what was measured, and of Odoo's what stands beside it
    :param float ours: our figure
    :param float odoos: Odoo's figure, `None` where only ours counts
    :param float floor: what must be reached
    :param float aim: what should be reached
    :param bool is_less_better: whether small figures are good ones
    :param bool is_ratio: whether `floor` and `aim` are about the ratio, or about `ours`
    :param str unit: the unit, and the format of the figures
    """

    title: str
    ours: float
    odoos: float | None = None
    floor: float | None = None
    aim: float | None = None
    is_less_better: bool = False
    is_ratio: bool = True
    unit: str = "{:.0f}"

    @property
    def ratio(self):
        return self.ours / self.odoos if self.odoos else None

    @property
    def verdict(self):
        """What the figure reaches, in one word."""
        value = self.ratio if self.is_ratio else self.ours
        if value is None or (self.floor is None and self.aim is None):
            return ""
        if self._reaches(value, self.aim):
            return "aim"
        if self._reaches(value, self.floor):
            return "ok" if self.aim is not None else "reached"
        return "below" if self.floor is not None else "below aim"

    def cells(self):
        """Return what is printed, one text for each column."""
        limit = "{:g} x" if self.is_ratio else "{:,g}"
        sign = "<= " if self.is_less_better else ""
        return (
            self.title,
            self.unit.format(self.ours),
            "" if self.odoos is None else self.unit.format(self.odoos),
            "" if self.ratio is None else f"{self.ratio:.2f} x",
            "" if self.floor is None else sign + limit.format(self.floor),
            "" if self.aim is None else sign + limit.format(self.aim),
            self.verdict,
        )

    def _reaches(self, value, limit):
        if limit is None:
            return False
        return value <= limit if self.is_less_better else value >= limit


def print_table(rows):
    """Print the rows as a table that is also Markdown."""
    table = [_HEADINGS, *(row.cells() for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = [_line(cells, widths) for cells in table]
    rule = "|".join("-" * (width + 2) for width in widths)
    lines.insert(1, f"|{rule}|")
    print("\n".join(["", *lines, ""]), flush=True)


def _line(cells, widths):
    texts = [
        text.ljust(width) if not index else text.rjust(width)
        for index, (text, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return f"| {' | '.join(texts)} |"
