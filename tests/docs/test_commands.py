"""Every command that the manual says to type: run by a test, or held against what would take it (a command's parser, the Makefile, the
API's description, the settings), or in a short list of what neither can be done to, with the reason."""

import json
import re
import shlex
from collections.abc import Iterator
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.core.management import CommandError, get_commands, load_command_class

from cdr.api.v1 import api
from config.serving_role import METRICS
from docs.site import settings_page, staging
from tests.cdr.api import test_examples
from tests.deploy import test_runbook
from tests.docs.blocks import ROOT, Block, blocks_of

PAGES = ["README.md", *sorted(str(file.relative_to(ROOT)) for file in staging.pages().values())]
TYPED = ("sh", "console")
INLINE = re.compile(r"(?<!`)`((?:\.venv/bin/)?(?:python )?manage\.py [a-z_]+[^`]*|streamdesk [a-z_]+[^`]*|make [a-z-]+[^`]*)`")
OF_THE_WHEEL = (ROOT / "deploy/wheel/__init__.py").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()

RUN_BY = {
    "docs/tutorial.md": (
        "tests/journeys/test_tutorial.py",
        ("API=", "curl -fsS", ".venv/bin/python bot.py", "chroot build/asterisk asterisk -rx"),
    ),
    "docs/gateways/asterisk.md": ("tests/journeys/test_real_asterisk.py", ("ARI=",)),
}
"""Page -> the test that runs blocks of it as they stand there, and how these begin. Those of API and runbook say themselves which."""

NOT_HERE = {
    "apt": "packages, as root",
    "chroot": "as root; what is started in it is tried as it is unpacked",
    "cp": "as root; that the files are there is looked at",
    "install": "as root; that the files are there is looked at",
    "nginx": "as root; the file is tried by a journey behind a real nginx",
    "systemctl": "needs systemd as the first process of the machine",
    "systemd-sysusers": "as root",
    "tar": "a release, which the runbook's test has unpacked",
    "mkdir": "a folder of the reader's",
    "cd": "a folder of the reader's",
    "python3": "an environment of the reader's, which brings packages from elsewhere",
    ".venv/bin/pip": "packages from elsewhere",
    "sleep": "waits",
}
"""How a command begins that is not tried, and why."""

UUID = "816e0b22-6913-4b43-88a9-6d3054b77df9"
PROBES = ("/healthz", "/readyz", "/status", METRICS)
SHELL = {"for", "do", "done", "until"}
OF_THE_SHELL = {"API", "AUTH", "DJANGO_SUPERUSER_PASSWORD"}


def run_as_they_are() -> set[str]:
    """The texts of blocks that another test runs."""
    found = set(test_runbook.blocks())
    document = test_examples.DOCUMENT.read_text()
    for title in test_examples.SECTIONS:
        found |= set(re.findall(r"```sh\n(.*?)```", document.partition(f"### {title}:")[2].partition("\n### ")[0], re.DOTALL))
    for page, (_, beginnings) in RUN_BY.items():
        found |= {block.text for block in blocks_of(page) if block.text.startswith(beginnings)}
    return found


def typed() -> Iterator[tuple[str, list[str]]]:
    """Page and words of each command that no test runs as it stands."""
    run = run_as_they_are()
    for page in PAGES:
        blocks = [block for block in blocks_of(page) if block.language in TYPED and block.text not in run]
        inline = [Block(page, "", found) for found in INLINE.findall(staging_text(page))]
        for block in [*blocks, *inline]:
            for words in commands(block.text):
                yield page, words


def staging_text(page: str) -> str:
    return re.sub(r"^ *```.*?^ *```$", "", (ROOT / page).read_text(), flags=re.MULTILINE | re.DOTALL)


def commands(text: str) -> Iterator[list[str]]:
    """Without comments and what is the shell's own; a command that goes on in the next line is one."""
    for line in text.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars=";&|")
        lexer.whitespace_split = True
        words: list[str] = []
        for word in [*lexer, ";"]:
            if set(word) <= set(";&|"):
                yield from filter(None, [[word for word in words if word not in SHELL]] if "for" not in words[:1] else [])
                words = []
            else:
                words.append(word)


def problem_of(words: list[str]) -> str:
    """What is wrong with it; "" where nothing is."""
    names = [word.partition("=")[0] for word in words if re.match(r"[A-Z_]+=", word)]
    given = [word for word in words if not re.match(r"[A-Z_]+=", word)] if words[0] != "make" else words
    if words[0] == "make":
        return problem_of_make(words[1:])
    unknown = {*names} - settings_page.read_by_the_code().keys() - OF_THE_SHELL
    if unknown or not given:
        return f"no setting: {', '.join(sorted(unknown))}" if unknown else ""
    if "manage.py" in given[:2] or given[0] == "streamdesk":
        return problem_of_manage(given[given.index("manage.py") + 1 if "manage.py" in given else 1 :])
    if given[0] == "curl":
        return problem_of_curl(given[1:])
    return problem_of_files(given) if given[0] in NOT_HERE else "nobody tries it, and no reason is known"


def problem_of_make(words: list[str]) -> str:
    targets = [word for word in words if "=" not in word]
    variables = {word.partition("=")[0] for word in words if "=" in word}
    missing = [name for name in targets if not re.search(rf"^{name}:.*## ", MAKEFILE, re.MULTILINE)]
    unread = [
        name
        for name in variables
        if not re.search(rf"\$\(?{name}\b|^export .*\b{name}\b|ifdef {name}|\$\(or \$\({name}\)", MAKEFILE, re.MULTILINE)
    ]
    return f"nothing makes {missing}, or reads {unread}" if missing or unread else ""


def problem_of_manage(words: list[str]) -> str:
    name, *options = ["2" if word == "N" else word for word in words]
    app = get_commands().get(name)
    if app is None:
        return "" if f'"{name}"' in OF_THE_WHEEL else "no such command"
    if not options or "--help" in options:
        return ""
    parser = load_command_class(app, name).create_parser("manage.py", name)
    try:
        parser.parse_args(options)
    except CommandError as error:
        # A sentence of the manual may name an option without what the command needs besides.
        return "" if "required" in str(error) else str(error)
    return ""


@cache
def operations() -> dict[str, Any]:
    paths: dict[str, Any] = api.get_openapi_schema(path_prefix="/v1/")["paths"]
    return paths


def problem_of_curl(words: list[str]) -> str:
    [address] = [word for word in words if word.startswith(("http", "$API"))]
    data = words[words.index("-d") + 1] if "-d" in words else ""
    method = words[words.index("-X") + 1] if "-X" in words else "POST" if data else "GET"
    if not address.startswith("$API"):
        return "" if urlsplit(address).path in PROBES else "no such probe"
    path, _, query = address.partition("?")
    path = path.replace("$API", "/v1/Account/MA0123456789ABCDEFGH").replace("$CALL", UUID).replace("$STREAM", UUID)
    found: dict[str, Any] = next(
        (each for template, each in operations().items() if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path)), {}
    )
    operation = found.get(method.lower())
    if operation is None:
        return f"the API has no {method} {path}"
    known = {each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"}
    unknown = {name for name, _ in parse_qsl(query)} - known
    fields = json.loads(data) if data.startswith("{") else dict(parse_qsl(data))
    unknown |= fields.keys() - taken_by(operation)
    return f"the API knows no {sorted(unknown)} there" if unknown else ""


def taken_by(operation: dict[str, Any]) -> set[str]:
    """The names of what may stand in its body."""
    bodies = operation.get("requestBody", {}).get("content", {}).values()
    return {name for body in bodies for name in body["schema"].get("properties", {})}


def problem_of_files(words: list[str]) -> str:
    shipped = [word for word in words if word.startswith("deploy/")]
    missing = [word for word in shipped if not any(ROOT.glob(word))]
    return f"there is no {missing}" if missing else ""


def test_every_command_of_the_manual_is_run_or_would_be_taken() -> None:
    found = [(page, words) for page, words in typed()]
    assert len(found) > 70
    assert [f"{page}: {shlex.join(words)}: {problem}" for page, words in found if (problem := problem_of(words))] == []


def test_no_reason_is_out_of_date() -> None:
    begun = {words[0] for _, words in typed()}
    assert sorted(NOT_HERE.keys() - begun) == []
    for page, (test, beginnings) in RUN_BY.items():
        assert (ROOT / test).exists()
        assert all(any(block.text.startswith(beginning) for block in blocks_of(page)) for beginning in beginnings)


@pytest.mark.parametrize(
    "command",
    [
        "streamdesk simulate_gateway --gateway x --wen 1",
        "streamdesk no_such_command",
        "make no-such-target",
        "make chaos FAULTS=x",
        'curl "$API/Call/?form_number=1"',
        "curl -X DELETE $API/Usage/",
        "curl $API/Call/$CALL/DTMF/ -d digit=1",
        "curl http://127.0.0.1:8000/ready",
        "OIDC_ISSUERS=https://id.example.org",
        "cp deploy/systemd/none.service /etc/systemd/system/",
        "rm -rf /",
    ],
)
def test_what_would_not_be_taken_is_found(command: str) -> None:
    [words] = commands(command)
    assert problem_of(words)
