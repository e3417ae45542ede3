"""Some rows of a side stand for all of it."""

import torch

from zaohua.data.records.types import Side, TableRows


def a_side(count: int) -> Side:
    """Rows sorted by class, as sets of data often are."""
    numbers = torch.arange(count)
    words = [[str(number)] for number in range(count)]
    values = {"text": [str(number) for number in range(count)], "table": TableRows(numbers[:, None].float(), words)}
    present = {"text": numbers >= 0, "table": numbers % 2 == 0}
    return Side(values, present, numbers * 4 // count, [f"row {number}" for number in range(count)], {"n": numbers})


def test_some_rows_hold_every_class_and_stay_together():
    side = a_side(100)
    some = side.some(8)
    assert some.targets.tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    rows = some.facts["n"].tolist()
    assert some.values["text"] == [str(row) for row in rows]
    assert some.values["table"].words == [[str(row)] for row in rows]
    assert some.values["table"].numbers[:, 0].tolist() == rows
    assert some.names == [f"row {row}" for row in rows]
    assert some.present["table"].tolist() == [row % 2 == 0 for row in rows]


def test_no_more_than_there_are():
    assert a_side(4).some(9).targets.tolist() == a_side(4).targets.tolist()
