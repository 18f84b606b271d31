"""Every operation of the REST API, as it describes itself to programs (/v1/openapi.json), for people and without a script.

Owns nothing of it."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from cdr.api.v1 import DESCRIPTION, api
from docs.site.markdown import code, page, plain, section, table

Schema = Mapping[str, Any]
KNOWN = "#/components/schemas/"
JSON = "application/json"
EVERYWHERE = ("auth_id", "call_uuid", "stream_id")
"""Of the path: said once, above."""


def described_for_programs() -> str:
    return json.dumps(api.get_openapi_schema(path_prefix="/v1/"), indent=1)


def render() -> str:
    described = api.get_openapi_schema(path_prefix="/v1/")
    by_tag: dict[str, list[str]] = {}
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            by_tag.setdefault(operation["tags"][0], []).append(one(method, path, operation))
    words = (
        f"{DESCRIPTION} [The REST API](../api.md) has what holds everywhere, with examples. `auth_id` in a path is the\n"
        "account's, `call_uuid` a call's, `stream_id` a stream's. For programs the same is in [openapi.json](openapi.json)."
    )
    schemas = (of_schema(name, schema) for name, schema in described["components"]["schemas"].items() if schema.get("properties"))
    return page(
        "Every operation of the REST API", words, *(section(tag, *parts) for tag, parts in by_tag.items()), section("Objects", *schemas)
    )


def one(method: str, path: str, operation: Schema) -> str:
    asked = [each for each in operation.get("parameters", []) if each["name"] not in EVERYWHERE]
    body = operation.get("requestBody", {}).get("content", {}).get(JSON, {}).get("schema", {})
    parts = [f"{code(f'{method.upper()} {path}')}\n\n", plain(operation.get("description", "")), "\n"]
    if asked:
        head = ("parameter", "in", "what it takes", "")
        rows = ((code(each["name"]), each["in"], given(each["schema"]), plain(each["schema"].get("description", ""))) for each in asked)
        parts.append(table(head, rows))
    if body:
        parts.append(fields(body, "in the body"))
    return section(operation["summary"], *parts, f"\nAnswers: {', '.join(answers(operation['responses']))}.\n", level=3)


def answers(responses: Mapping[Any, Schema]) -> Iterator[str]:
    """Those that went well with what is in them, then the others by number."""
    for status in sorted(responses, key=int):
        schema = responses[status].get("content", {}).get(JSON, {}).get("schema", {})
        yield f"{int(status)}" + (f" ({kind(schema)})" if schema and int(status) < 400 else "")


def of_schema(name: str, schema: Schema) -> str:
    return section(name, plain(schema.get("description", "")), "\n", fields(schema, "field"), level=3)


def fields(schema: Schema, head: str) -> str:
    needed = schema.get("required", ())
    rows = (
        (code(name), kind(field), default(field, name in needed), plain(words_of(field))) for name, field in schema["properties"].items()
    )
    return table((head, "what it is", "without it", ""), rows)


def default(field: Schema, needed: bool) -> str:
    return code(str(field["default"])) if field.get("default") not in (None, "") else "" if needed else "–"


def words_of(field: Schema) -> str:
    inner = (words_of(each) for each in field.get("anyOf", ()))
    return str(field.get("description") or next(filter(None, inner), ""))


def given(schema: Schema) -> str:
    """A query has no null: what is left out is not there."""
    return kind({"anyOf": [each for each in schema.get("anyOf", (schema,)) if each.get("type") != "null"]})


def kind(schema: Schema) -> str:
    """`integer, 60 to 100`, `one of GET, POST`, `list of StreamObject`."""
    if ref := schema.get("$ref", ""):
        name = ref.removeprefix(KNOWN)
        return f"[{name}](#{name.lower()})"
    if choices := schema.get("anyOf") or schema.get("allOf"):
        return " or ".join(kind(each) for each in choices)
    if schema.get("enum"):
        return "one of " + ", ".join(code(str(each)) for each in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {kind(schema.get('items', {}))}"
    return ", ".join(filter(None, (str(schema.get("format") or schema.get("type") or "anything"), limits(schema))))


def limits(schema: Schema) -> str:
    low, high, longest = schema.get("minimum"), schema.get("maximum"), schema.get("maxLength")
    if low is not None or high is not None:
        return f"{low} to {high}" if None not in (low, high) else f"at least {low}" if high is None else f"at most {high}"
    return f"at most {longest} characters" if longest else ""
