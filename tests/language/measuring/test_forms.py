"""The table of forms."""

import pytest

from zaohua import extras
from zaohua import recipe as recipes
from zaohua.errors import UsageError, ZaohuaError
from zaohua.language.measuring import forms
from zaohua.language.measuring.forms import FORMS, find_form, form_shares
from zaohua.language.pretrain import SampleConfig

POEM = "白日依山尽，黄河入海流。欲穷千里目，更上一层楼。"


def test_shares_are_means_over_the_texts_to_which_a_finding_applies():
    found = form_shares("verse-zh", [(POEM, True), ("不是诗。", True)])
    assert found == {"verse_regular": 0.5, "verse_rhymes": 0.5, "verse_tones": 1.0}
    assert form_shares("verse-zh", [("不是诗。", True)])["verse_tones"] is None
    assert form_shares("verse-zh", []) == {}


def test_code_that_was_cut_need_only_begin_well():
    source = "def f(x):\n    if x:\n"
    assert form_shares("code-python", [(source, False), (source, True)]) == {"code_parses": 0.5}


def test_english_verse():
    pytest.importorskip("pronouncing", reason="needs zaohua[verse]")
    found = form_shares("verse-en", [("The day is bright\nand so is the night", True)])
    assert found["verse_rhyming_lines"] == 1.0
    assert 0 <= found["verse_iambic_lines"] <= 1


def test_lines_of_given_lengths():
    spring = "春花秋月何时了？往事知多少。小楼昨夜又东风，故国不堪回首月明中。"
    found = form_shares("lines:7,5,7,9", [(spring, True), (POEM, True)])
    assert found == {"verse_lengths": 0.5}
    assert find_form("lines:7").whole


@pytest.mark.parametrize("name", [*FORMS, "lines:5,5,5,5", None])
def test_a_recipe_takes_every_form_there_is(name):
    assert SampleConfig(form=name).form == name


@pytest.mark.parametrize("name", ["limerick", "lines:", "lines:5,x", "lines:0", "lines:" + "9" * 5000, "lines:７", ""])
def test_a_recipe_refuses_others_with_those_there_are(name):
    with pytest.raises(UsageError, match=r"sample.*verse-zh") as caught:
        recipes.validate({"form": name}, SampleConfig, "sample")
    assert "\n" not in str(caught.value)


def test_an_unknown_form_is_told_with_those_there_are():
    with pytest.raises(UsageError, match=r"limerick.*verse-zh") as caught:
        find_form("limerick")
    assert "\n" not in str(caught.value)


def test_a_missing_library_is_told_with_what_to_install(monkeypatch):
    monkeypatch.setattr(extras, "import_module", lambda name: (_ for _ in ()).throw(ImportError(name)))
    with pytest.raises(ZaohuaError, match=r"zaohua\[verse\]"):
        forms.find_form("verse-en")
