"""What the console shows of one act on a list: how far it is, and who asked for what.

Owns which facts stand on the page. Must not know requests or templates."""

from dataclasses import dataclass

from cdr.list_act_rows import ListAct
from cdr.pages.stream import Fact, utc_fact
from cdr.pure.badges import Badge
from cdr.pure.figures import NOTHING
from cdr.pure.list_act_words import Progress, act_in_words, so_far, state_badge
from streams.pure.foreign_text import cleaned


@dataclass(frozen=True, slots=True)
class ListActPage:
    """`owner_key`: whose it is. `query`: of the list's address."""

    pk: int
    owner_key: int | None
    title: str
    badge: Badge
    sentence: str
    problem: str
    unfinished: bool
    stoppable: bool
    done: int
    total: int
    section: str
    query: str
    facts: tuple[Fact, ...]
    numbers: tuple[str, ...] = ()


def list_act_page(job: ListAct) -> ListActPage:
    unfinished = job.finished_at is None
    halted = f"{cleaned(job.halted_by, 60)} wants it stopped." if unfinished and job.halted_by else ""
    return ListActPage(
        pk=job.pk,
        owner_key=job.owner_id,
        title=act_in_words(job.kind, job.rows_total),
        badge=state_badge(job.state),
        sentence=" ".join(filter(None, [so_far(job.kind, job.state, progress_of(job)), halted])),
        problem=job.problem,
        unfinished=unfinished,
        stoppable=unfinished and not job.halted_by,
        done=job.rows_done + job.rows_late,
        total=job.rows_total,
        section=job.section,
        query=job.query,
        facts=(
            Fact("Asked for by", cleaned(job.by, 60)),
            utc_fact("Asked for", job.created_at),
            utc_fact("Finished", job.finished_at),
            Fact("Stopped by", cleaned(job.halted_by, 60) or NOTHING),
        ),
    )


def progress_of(job: ListAct) -> Progress:
    return Progress(job.rows_done, job.rows_late, job.rows_total)
