"""What a cell of a list says of its column."""

from django.utils.safestring import mark_safe

from cdr.templatetags.labelled_cells import labelled_cells

TICKED = {"text": mark_safe('<input type="checkbox">'), "class_attrib": mark_safe(' class="action-checkbox-column"')}


def test_each_cell_has_the_head_of_its_column() -> None:
    cells = [mark_safe("<td>box</td>"), mark_safe('<th class="field-name">Acme</th>')]
    assert labelled_cells([TICKED, {"text": "name"}], cells) == '<td>box</td><th data-label="Name" class="field-name">Acme</th>'


def test_markup_stays_text() -> None:
    assert labelled_cells([{"text": '"><b>'}], [mark_safe("<td>1</td>")]) == '<td data-label="&quot;&gt;&lt;b&gt;">1</td>'
    assert labelled_cells([{"text": "x"}], ["<td><script>"]) == "&lt;td&gt;&lt;script&gt;"
