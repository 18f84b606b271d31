"""Which pages typed letters name, and how a text is written as a search."""

from cdr.admin.places import Lead, pages_named, searches


def test_a_page_is_found_by_each_of_its_words() -> None:
    pages = [Lead(name, "page", "") for name in ("Rate cards", "URL tests", "Test calls", "Second factor")]
    assert [page.name for page in pages_named(pages, "TEST")] == ["Test calls", "URL tests"]
    assert not pages_named(pages, "ards")


def test_a_search_says_what_is_looked_for_and_no_more_of_it_than_fits() -> None:
    (one,) = searches("a&b=1 \u202e" + "x" * 100, [("Calls", "/calls/")])
    assert one.address == "/calls/?q=a%26b%3D1+%E2%80%AE" + "x" * 100
    assert "\u202e" not in one.name and len(one.name) < 90
