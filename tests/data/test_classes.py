"""Folders as classes."""

import pytest

from zaohua.data.classes import classes_of, known_classes
from zaohua.errors import ZaohuaError


def classes(labels: list[str], wanted: object = "auto") -> tuple[tuple[str, ...], list[str]]:
    return classes_of(labels, [f"{label}/{n}.png" for n, label in enumerate(labels)], wanted, "folder:x")


def test_the_first_folder_that_differs_is_the_class():
    assert classes(["cat", "cat", "dog", "dog"]) == (("cat", "dog"), ["cat", "cat", "dog", "dog"])
    deep = ["data/train/cat/a", "data/train/cat/b", "data/train/dog/a", "data/train/dog/a"]
    assert classes(deep) == (("cat", "dog"), ["cat", "cat", "dog", "dog"])
    assert classes(["10", "9", "10", "9"])[0] == ("9", "10"), "numbers are sorted as numbers"


@pytest.mark.parametrize("labels", [["", ""], ["cat", "cat"], ["cat", "cat", "dog", "dog", ""], ["cat", "cat", "dog"]])
def test_without_being_told_there_are_classes_only_where_all_have_one(labels):
    assert classes(labels) == ((), [])
    with pytest.raises(ZaohuaError) as caught:
        classes(labels, True)
    assert "\n" not in str(caught.value)
    assert classes(["cat", "cat", "dog", "dog"], False) == ((), [])


def test_pictures_to_measure_on_are_of_the_same_classes():
    assert known_classes(["val/cat", "val/dog/old"], ["a", "b"], ("cat", "dog")) == ["cat", "dog"]
    with pytest.raises(ZaohuaError, match=r"b\.png"):
        known_classes(["cat", "bird"], ["a.png", "b.png"], ("cat", "dog"))
