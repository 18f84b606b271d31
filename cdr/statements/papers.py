"""A statement as files to send: CSV and PDF.

Owns their form. Must not know requests, or how the figures came about."""

import io
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from cdr.pure.figures import money
from cdr.pure.statement import Figures, StatementLine, Sums
from cdr.spreadsheet import Cell, csv_text
from streams.pure.foreign_text import cleaned

HEADS: tuple[str, ...] = ("Streams", "Duration (s)", "Rounded bill duration (s)", "Amount")
NOT_PRINTED = "?"
NOT_TOLD_WHOLE = (
    f"Letters that this paper cannot print are written without their marks, or as {NOT_PRINTED}. The CSV file has every name as it is."
)
OTHER_LATIN = dict(zip("ŁłĐđĦħıŊŋŦŧƏə", "LlDdHhiNnTtEe", strict=True))
"""Letters of which the mark is no part of its own."""
LINES_ON_PAPER = 500
"""Of applications; the CSV has them all."""


@dataclass(frozen=True, slots=True)
class Paper:
    """A statement with what stands above it. `begins` and `ends` as the customer's clocks show them; `ends` is excluded. `closed_at`:
    None of a draft."""

    account: str
    auth_id: str
    month: str
    currency: str
    zone_name: str
    begins: str
    ends: str
    closed_at: datetime | None
    sums: Sums

    @property
    def state(self) -> str:
        return f"Closed {self.closed_at:%Y-%m-%d %H:%M} UTC" if self.closed_at else "DRAFT: not closed, and it may change"


def as_csv(paper: Paper) -> str:
    """Every line of the statement, one below the other, by kind."""
    sums, currency = paper.sums, paper.currency
    rows: list[list[Cell]] = [["Account", "Auth id", "Month", "Line", "Of", *HEADS, "Currency", "State"]]

    def add(kind: str, of: str, counted: Figures | None, amount: Decimal) -> None:
        figures: list[Cell] = list(counted[:3]) if counted else ["", "", ""]
        rows.append([paper.account, paper.auth_id, paper.month, kind, of, *figures, amount, currency, paper.state])

    for line in sums.days:
        add("day, late" if line.late else "day", line.words, line.counted, line.counted.amount)
    for line in sums.applications:
        add("application", line.words, line.counted, line.counted.amount)
    for one in sums.corrections:
        add("credit" if one.units < 0 else "correction", f"{one.day} {one.reason}", None, one.amount)
    add("total of streams", "", sums.counted, sums.counted.amount)
    add("total", "", None, sums.amount)
    return csv_text(rows)


def as_pdf(paper: Paper) -> bytes:
    from reportlab.lib.pagesizes import A4  # noqa: PLC0415 - slow to import, and few ask for it
    from reportlab.lib.styles import getSampleStyleSheet  # noqa: PLC0415 - as above
    from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table  # noqa: PLC0415 - as above

    styles = getSampleStyleSheet()
    title = f"Statement {paper.month}, {paper.currency}"
    story = [
        Paragraph(_escaped(title), styles["Title"]),
        Paragraph(_escaped(f"{paper.account} ({paper.auth_id})"), styles["Heading2"]),
        Paragraph(_escaped(f"{paper.begins} to {paper.ends} (excluded), {paper.zone_name}. {paper.state}."), styles["Normal"]),
        Spacer(1, 12),
    ]
    for head, rows in _tables(paper):
        story += [Paragraph(_escaped(head), styles["Heading3"]), Table(rows, style=_style(), repeatRows=1, hAlign="LEFT"), Spacer(1, 12)]
    if not _is_told_whole(paper):
        story.append(Paragraph(NOT_TOLD_WHOLE, styles["Normal"]))
    file = io.BytesIO()
    document = SimpleDocTemplate(file, pagesize=A4, title=printable(f"{title}, {paper.account}"), author="Streamdesk", invariant=1)
    document.build(story)
    return file.getvalue()


def _tables(paper: Paper) -> list[tuple[str, list[list[str]]]]:
    sums, currency = paper.sums, paper.currency
    total = [["", *HEADS], ["Streams", *_figures(sums.counted, currency)]]
    if sums.corrections:
        total.append(["Credits and corrections", "", "", "", money(sums.amount - sums.counted.amount, currency)])
    total.append(["Total", "", "", "", money(sums.amount, currency)])
    found = [("Total", total), ("By application", _rows(sums.applications[:LINES_ON_PAPER], currency))]
    if len(sums.applications) > LINES_ON_PAPER:
        found[-1] = (f"By application: the first {LINES_ON_PAPER} of {len(sums.applications)}; the CSV has all", found[-1][1])
    found.append(("By day", _rows(sums.days, currency)))
    if sums.corrections:
        rows = [[f"{one.day}", printable(cleaned(one.reason, 70)), money(one.amount, currency)] for one in sums.corrections]
        found.append(("Credits and corrections", [["Day", "Reason", "Amount"], *rows]))
    return found


def _rows(lines: tuple[StatementLine, ...], currency: str) -> list[list[str]]:
    named = [printable(cleaned(line.words, 40)) + (" (late)" if line.late else "") for line in lines]
    return [["", *HEADS], *([name, *_figures(line.counted, currency)] for name, line in zip(named, lines, strict=True))]


def _figures(counted: Figures, currency: str) -> list[str]:
    return [f"{counted.streams:,}", f"{counted.seconds:,}", f"{counted.billed_seconds:,}", money(counted.amount, currency)]


def _style() -> list[tuple[object, ...]]:
    begin, end = (0, 0), (-1, -1)
    head, right = ("FONTNAME", begin, (-1, 0), "Helvetica-Bold"), ("ALIGN", (1, 0), end, "RIGHT")
    return [head, right, ("FONTSIZE", begin, end, 9), ("LINEBELOW", begin, (-1, 0), 0.5, "black")]


def printable(text: str) -> str:
    """What PDF's own fonts have: Western European letters. Of other Latin letters the mark is left out; the rest become question marks,
    which the paper explains."""
    return "".join(_printable(letter) for letter in unicodedata.normalize("NFC", text))


def _printable(letter: str) -> str:
    try:
        return letter.encode("cp1252").decode("cp1252")
    except UnicodeEncodeError:
        plain = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
        return plain or OTHER_LATIN.get(letter, NOT_PRINTED)


def _is_told_whole(paper: Paper) -> bool:
    """Whether each name and reason is printed as it is."""
    texts = [paper.account, *(line.words for line in paper.sums.applications), *(one.reason for one in paper.sums.corrections)]
    return all(printable(text) == unicodedata.normalize("NFC", text) for text in texts)


def _escaped(text: str) -> str:
    """As reportlab's paragraphs, which are markup, show it."""
    return printable(cleaned(text, 300)).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
