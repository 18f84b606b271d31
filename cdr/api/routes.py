"""Every path is served with its trailing slash, as documented, and without it, as some SDKs send it.

Owns that pairing and which error statuses every operation may answer. Must not know any operation."""

from collections.abc import Callable
from typing import Any, TypeVar

from ninja import Router

from cdr.api.schemas import Error

Operation = TypeVar("Operation", bound=Callable[..., Any])

ALWAYS = (400, 401, 404, 429, 500, 503)


def endpoint(router: Router, method: str, path: str, answers: dict[int, Any], **options: Any) -> Callable[[Operation], Operation]:
    """Registers an operation. `path` ends with a slash; `answers` are the schemas of the statuses when all goes well."""
    responses = answers | dict.fromkeys(ALWAYS, Error)

    def register(operation: Operation) -> Operation:
        router.api_operation([method], path.rstrip("/"), response=responses, include_in_schema=False, **options)(operation)
        router.api_operation([method], path, response=responses, operation_id=operation.__name__, **options)(operation)
        return operation

    return register
