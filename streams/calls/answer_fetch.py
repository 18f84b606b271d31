"""Fetches the document an application answers a call with.

Owns that request and the wording of its failure. Must not know XML, nor read the database: it runs in a thread beside the event loop."""

import secrets
from typing import Any, NamedTuple

from streams import guard
from streams.fetch import FetchFailed, Reply, fetch
from streams.pure.callback.auth_tokens import Tokens
from streams.pure.callback.form_request import signed_form
from streams.pure.customer.answer_sample import answer_sample
from streams.pure.scrubbing import scrubbed
from streams.trace_headers import trace_headers

MAX_DOCUMENT_BYTES = 100_000


class Fetched(NamedTuple):
    """`facts` are for the debug log: url, method, status, address, duration_ms, the beginning of the document."""

    document: bytes
    facts: dict[str, Any]


class AnswerUnreachable(Exception):
    """The answer URL gave no document. `problem` is a sentence that says what would be right."""

    def __init__(self, problem: str, facts: dict[str, Any]) -> None:
        super().__init__(problem)
        self.problem, self.facts = problem, facts


def fetch_answer(
    url: str,
    method: str,
    *,
    parameters: list[tuple[str, str]],
    auth_tokens: Tokens,
    reach: guard.Reach,
    timeout_seconds: float,
) -> Fetched:
    """The document, at most MAX_DOCUMENT_BYTES, by POST form or GET query with the `answer_parameters`.

    Blocks up to `timeout_seconds`; raises AnswerUnreachable."""
    request = signed_form(method, url, parameters, auth_tokens, secrets.token_hex(16))
    facts: dict[str, Any] = {"url": scrubbed(url), "method": method}
    try:
        reply = fetch(
            method,
            request.url,
            body=request.body,
            headers={**request.headers, **trace_headers(dict(parameters)["CallUUID"], "call")},
            deadline_seconds=timeout_seconds,
            max_bytes=MAX_DOCUMENT_BYTES,
            reach=reach,
        )
    except FetchFailed as failure:
        facts |= {"address": failure.address, "duration_ms": failure.duration_ms}
        raise AnswerUnreachable(f"The answer URL gave no document: {failure.problem}", facts) from failure
    facts |= {"status": reply.status, "address": reply.address, "duration_ms": reply.duration_ms}
    facts |= {"document": answer_sample(reply.body)}
    problem = _problem(reply)
    if problem:
        raise AnswerUnreachable(problem, facts)
    return Fetched(reply.body, facts)


def answer_parameters(call_uuid: str, from_number: str, to_number: str, direction: str, auth_id: str) -> list[tuple[str, str]]:
    """What Plivo tells an answer URL about a call (Event StartApp); numbers go without their plus sign."""
    return [
        ("CallUUID", call_uuid),
        ("From", from_number.removeprefix("+")),
        ("To", to_number.removeprefix("+")),
        ("Direction", direction),
        ("CallStatus", "in-progress"),
        ("Event", "StartApp"),
        ("ParentAuthID", auth_id),
    ]


def _problem(reply: Reply) -> str:
    """Why this answer is no document; '' when it is one."""
    if reply.redirect:
        where = scrubbed(reply.redirect)
        return f"The answer URL answered {reply.status}, a redirect to {where}. Redirects are not followed: set the final URL."
    if not 200 <= reply.status < 300:
        return f"The answer URL answered {reply.status_words}; it should answer 200 with XML."
    if reply.cut_short:
        return f"The answer URL gave no document: {reply.cut_short}"
    if reply.truncated:
        return f"The answer URL sent more than {MAX_DOCUMENT_BYTES // 1000} kB; an answer is a short XML document."
    return ""
