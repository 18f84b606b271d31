"""/healthz (this process is alive), /readyz (it may take calls, or show pages) and /status (all is well), before anything else looks at the
request.

Owns these three answers; what they say is judged in readiness and status."""

import concurrent.futures
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from config import readiness, status
from config.background_checks import LIMIT_SECONDS
from config.serving_role import ALIVE, ALL, IN_SCOPE, READY, STATUS
from streams.pure.trouble import Trouble

log = logging.getLogger(__name__)

Answers = Sequence["Future[Any]"]
Judgement = Callable[[HttpRequest, Answers], JsonResponse]


class SaidTroubles:
    """What the log was told is not well: a line when that changes."""

    def __init__(self) -> None:
        self.about: frozenset[str] = frozenset()

    def note(self, troubles: Sequence[Trouble]) -> None:
        about = frozenset(trouble.about for trouble in troubles)
        if about != self.about:
            self.about = about
            log.warning("%s", " ".join(f"{trouble.what} {trouble.remedy}" for trouble in troubles) or "All is well again.")


_said = SaidTroubles()


def answered(ok: bool, content: dict[str, Any]) -> JsonResponse:
    response = JsonResponse(content, status=200 if ok else 503)
    vars(response)["_has_been_logged"] = True  # Django's own mark: it would add a line for each probe
    return response


def judge_readiness(request: HttpRequest, answers: Answers) -> JsonResponse:
    role = getattr(request, "scope", {}).get(IN_SCOPE, ALL)
    found = readiness.findings(role, readiness.database.answer(answers[0]))
    ready = readiness.note(found)
    return answered(ready, {"ready": ready, **found})


def judge_status(request: HttpRequest, answers: Answers) -> JsonResponse:
    troubles = status.troubles()
    _said.note(troubles)
    return answered(not troubles, {"well": not troubles, "troubles": [trouble._asdict() for trouble in troubles]})


ASKED: dict[str, tuple[Callable[[], Answers], Judgement]] = {
    READY: (lambda: [readiness.database.begin()], judge_readiness),
    STATUS: (status.ask_all, judge_status),
}
"""What is asked in the background for each, and how it is judged."""


def alive(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


def health(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """First in the chain, so that a probe needs no allowed host name, no TLS and no session."""

    def answer(request: HttpRequest) -> HttpResponse:
        if request.path not in ASKED:
            return alive(request) if request.path == ALIVE else get_response(request)
        ask, judge = ASKED[request.path]
        answers = ask()
        concurrent.futures.wait(answers, LIMIT_SECONDS)
        return judge(request, answers)

    return answer
