"""What a cell of a list says of its column."""

import pytest
from django.utils.safestring import mark_safe

from cdr.pure.figures import NOTHING
from cdr.templatetags.labelled_cells import labelled_cells

TICKED = {"text": mark_safe('<input type="checkbox">'), "class_attrib": mark_safe(' class="action-checkbox-column"')}


def test_each_cell_has_the_head_of_its_column() -> None:
    cells = [mark_safe("<td>box</td>"), mark_safe('<th class="field-name">Acme</th>'), mark_safe('<td class="field-email">a@b.org</td>')]
    labelled = '<td>box</td><th class="field-name">Acme</th><td data-label="Email" class="field-email">a@b.org</td>'
    assert labelled_cells([TICKED, {"text": "name"}, {"text": "email"}], cells) == labelled


@pytest.mark.parametrize("nothing", ["", "-", NOTHING, "&nbsp;", f'<span class="quiet">{NOTHING}</span>', "<bdi></bdi>"])
def test_what_has_no_value_says_so(nothing) -> None:
    cell = mark_safe(f'<td class="field-billed nowrap">{nothing}</td>')
    assert labelled_cells([{"text": "billed"}], [cell]) == f'<td data-none class="field-billed nowrap">{nothing}</td>'


def test_what_is_drawn_is_a_value() -> None:
    cell = mark_safe('<td><img src="yes.svg" alt="True"></td>')
    assert "data-none" not in labelled_cells([{"text": "enabled"}], [cell])


def test_nought_is_a_value() -> None:
    assert labelled_cells([{"text": "tries"}], [mark_safe("<td>0</td>")]) == '<td data-label="Tries">0</td>'


def test_markup_stays_text() -> None:
    assert labelled_cells([{"text": '"><b>'}], [mark_safe("<td>1</td>")]) == '<td data-label="&quot;&gt;&lt;b&gt;">1</td>'
    assert labelled_cells([{"text": "x"}], ["<td><script>"]) == "&lt;td&gt;&lt;script&gt;"
