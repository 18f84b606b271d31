"""An assertion about a page of a browser waits for what it says: after a press the next page may still be loading, and a look at once sees
half of it."""

import re
from pathlib import Path

# Playwright's `expect(...)` looks again until it is so; these look once.
LOOKS_ONCE = re.compile(r"\bassert\b.*\b(?:locator|get_by_\w+)\(.*\.(?:count|is_\w+|input_value|inner_text|text_content|all_inner_texts)\(")


def looks_at_once(source: str) -> list[str]:
    return [line.strip() for line in source.splitlines() if LOOKS_ONCE.search(line)]


def test_no_assertion_looks_at_a_page_that_may_still_be_loading() -> None:
    found = {str(path): lines for path in Path(__file__).parent.rglob("test_*.py") if (lines := looks_at_once(path.read_text()))}
    assert found == {}, "say it with expect(...), which waits"


def test_such_an_assertion_would_be_found() -> None:
    for looks in ('page.locator("tbody tr").count() == 1', 'not page.get_by_role("heading").first.is_visible()'):
        assert looks_at_once(f"    assert {looks}") != []
    for waits in ('expect(page.locator("tbody tr")).to_have_count(1)', "assert Call.objects.count() == 1"):
        assert looks_at_once(waits) == []
