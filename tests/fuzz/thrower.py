"""One parser under atheris (libFuzzer, steered by what of the code an input reaches): `python -m tests.fuzz.thrower NAME [its options]`.

Started by tests/fuzz/__main__.py, in a process of its own because a fault ends it."""

import sys

import atheris

with atheris.instrument_imports(include=["streams", "cdr"]):
    from tests.fuzz import parsers


def main() -> None:
    name = sys.argv.pop(1)
    atheris.Setup(sys.argv, lambda data: parsers.throw(name, data))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
