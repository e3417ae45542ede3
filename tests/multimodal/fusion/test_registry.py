"""Fusions by name, and what is said when there is no such thing."""

import pytest

from zaohua.errors import UsageError
from zaohua.multimodal.fusion import fusions, gives_logits, make_fusion

DIMS = {"image": 4, "audio": 3}


def test_the_thirteen_names():
    names = "concat sum gated film tensor lowrank bilinear attention cross bottleneck perceiver decision multilevel"
    assert set(names.split()) == fusions.keys()
    assert [name for name in fusions if gives_logits(name)] == ["decision", "multilevel"]


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("concatt", {}, "attention"),
        ("tensor", {"rank": 4}, "width"),
        ("tensor", {"width": 1000}, "lowrank"),
        ("cross", {"heads": 3}, "3 heads"),
        ("film", {"modulated": "smell"}, "smell"),
        ("sum", {"clock": "smell"}, "smell"),
        ("multilevel", {"joint": ("pixel",)}, "pixel"),
        ("decision", {"hidden": {"image": 4}}, "audio, image"),
    ],
)
def test_one_line_says_what_is_wrong(name, options, says):
    with pytest.raises(UsageError, match=says) as caught:
        make_fusion(name, DIMS, 8, **options)
    assert "\n" not in str(caught.value)


def test_a_modality_may_not_be_called_joint_where_that_is_a_level():
    with pytest.raises(UsageError, match="joint"):
        make_fusion("multilevel", DIMS | {"joint": 2}, 8)


def test_sizes_are_positive():
    with pytest.raises(UsageError, match="positive"):
        make_fusion("sum", DIMS, 0)
