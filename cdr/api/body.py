"""What a POST carries: JSON or a form, with real types or their spellings, and names nobody knows.

Owns the reading of both into one mapping. Must not know any parameter."""

from collections.abc import Mapping

import orjson
from django.http import HttpRequest

from cdr.api.errors import ApiRefusal

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def parameters(request: HttpRequest) -> Mapping[str, object]:
    """The parameters in the request's body; none for an empty one. Raises Refused for a body that is neither form nor JSON object."""
    if request.content_type in FORMS:
        return request.POST.dict()
    if not request.body.strip():
        return {}
    try:
        values = orjson.loads(request.body)
    except orjson.JSONDecodeError as error:
        raise ApiRefusal(400, f"The body is not JSON ({error}). Send a JSON object, or a form as {FORMS[0]}.") from error
    if not isinstance(values, dict):
        raise ApiRefusal(400, 'The body is JSON but no object. Send one, as {"name": "value"}.')
    return values
