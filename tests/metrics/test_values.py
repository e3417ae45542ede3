"""Values of attribute lists."""

from zaohua.metrics.values import listed_values, values_said


def test_both_forms_of_list_and_none():
    assert listed_values("name[The Mill], eatType[pub]") == ["the mill", "pub"]
    assert listed_values("类型#裙*材质#针织") == ["裙", "针织"]
    assert listed_values("just a text") == []


def test_the_share_that_is_said():
    rows, texts = ["name[The Mill], food[Thai]", "类型#裙"], ["the mill serves food.", "这条裙子"]
    assert values_said(rows, texts) == 2 / 3
    assert values_said(["plain"], ["text"]) is None
