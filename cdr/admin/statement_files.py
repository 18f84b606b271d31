"""A statement, draft or closed, with what stands in it, and as a file: for the console's pages and the desk's.

Must not know who asks."""

from django.http import HttpResponse

from cdr.models import Statement
from cdr.pages.statement import StatementFacts
from cdr.statements.closing_jobs import closing_of
from cdr.statements.drafts import OpenMonth, draft
from cdr.statements.papers import Paper, as_csv, as_pdf
from cdr.statements.stored import sums_in
from streams.pure.time_zone import known_zone


def statement_facts(of: OpenMonth | Statement) -> StatementFacts:
    if isinstance(of, Statement):
        return StatementFacts(of.account, of.currency, of.month, known_zone(of.zone_name), of.begins_at, of.ends_at, sums_in(of), of)
    drawn = (of.account, of.currency, of.month, of.account.zone_name, of.begins_at, of.ends_at, draft(of))
    return StatementFacts(*drawn, closing=closing_of(of))


def _paper(of: OpenMonth | Statement) -> Paper:
    facts = statement_facts(of)
    closed_at = facts.row.closed_at if facts.row else None
    names = (facts.account.name, facts.account.auth_id, f"{facts.month:%Y-%m}", facts.currency, facts.zone_name)
    return Paper(*names, facts.begins, facts.ends, closed_at, facts.sums)


def csv_of(of: OpenMonth | Statement) -> HttpResponse:
    paper = _paper(of)
    return _file(as_csv(paper).encode(), "text/csv; charset=utf-8", paper, "csv")


def pdf_of(of: OpenMonth | Statement) -> HttpResponse:
    paper = _paper(of)
    return _file(as_pdf(paper), "application/pdf", paper, "pdf")


def _file(content: bytes, kind: str, paper: Paper, ending: str) -> HttpResponse:
    name = f"statement-{paper.auth_id}-{paper.month}-{paper.currency}{'' if paper.closed_at else '-draft'}.{ending}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return HttpResponse(content, content_type=kind, headers=headers)
