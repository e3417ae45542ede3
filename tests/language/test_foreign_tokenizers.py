"""Tokenisers of other families, made small: the same ids and texts as transformers, whole and id by id."""

import json
from pathlib import Path

import pytest
from foreign import MADE, gpt2, llama2
from transformers import AutoTokenizer

from zaohua.errors import ZaohuaError
from zaohua.language.tokenizer import Tokenizer

TEXTS = [
    "Once upon a time",
    " leading and  double spaces ",
    "山上有庙 mixed naïve café 🙂",
    "unseen: Ω≈ç√ 龘 👩‍🚀\n\n\ttabs",
    "It's 12345 o'clock</s>",
    "",
]


@pytest.fixture(scope="module", params=MADE)
def both(request, tmp_path_factory) -> tuple[str, Tokenizer, object]:
    """Its name, ours and theirs, opened from one folder."""
    folder: Path = tmp_path_factory.mktemp(request.param)
    backend, settings = MADE[request.param]()
    backend.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    return request.param, Tokenizer.load(folder), AutoTokenizer.from_pretrained(folder)


def test_same_ids_and_texts(both):
    name, ours, theirs = both
    before, after = ours.frame
    for text in TEXTS:
        ids = theirs(text, add_special_tokens=False).input_ids
        assert ours.encode(text, allow_special=True) == ids
        assert [*before, *ids, *after] == theirs(text).input_ids
        assert ours.decode(ids) == theirs.decode(ids, clean_up_tokenization_spaces=False)
        assert ours.encode_batch([text])[0].tolist() == ours.encode(text)
    begin = {"llama3": "<|begin_of_text|>", "llama2": "<s>", "bert": "[CLS]"}.get(name)
    assert before == ([theirs.convert_tokens_to_ids(begin)] if begin else [])
    assert (theirs.eos_token_id or theirs.pad_token_id) == (ours.eos_id if name != "bert" else ours.pad_id)


def test_spelled_special_tokens_are_text(both):
    _, ours, _ = both
    for token, index in ours.special.items():
        if token in ("[UNK]", "<unk>"):
            continue  # what cannot be read becomes these
        assert index not in ours.encode(f"a {token} b")
        assert index in ours.encode(f"a {token} b", allow_special=True)


def test_id_by_id(both):
    """What a stream gives out, put together, is the whole text; nothing given out is taken back."""
    _, ours, _ = both
    for text in TEXTS:
        ids = ours.encode(text)
        stream = ours.stream()
        pieces = [stream.push(index) for index in ids]
        assert "".join(pieces) + stream.flush() == ours.decode(ids)
        assert not any("\ufffd" in piece for piece in pieces)


def test_older_folders_name_special_tokens_elsewhere(tmp_path):
    backend, _ = llama2()
    backend.save(str(tmp_path / "tokenizer.json"))
    (tmp_path / "special_tokens_map.json").write_text(json.dumps({"eos_token": "</s>", "bos_token": "<s>"}))
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"model_max_length": 64, "auto_map": {"x": "y.Z"}}))
    tokenizer = Tokenizer.load(tmp_path)
    assert (tokenizer.bos_id, tokenizer.eos_id, tokenizer.eot_id, tokenizer.pad_id) == (1, 2, 2, None)
    assert tokenizer.opening == [1]
    assert "auto_map" not in tokenizer.settings


@pytest.mark.parametrize("content", ["[]", "{", "3"])
def test_a_damaged_description_is_one_line(content, tmp_path):
    backend, _ = gpt2()
    backend.save(str(tmp_path / "tokenizer.json"))
    (tmp_path / "tokenizer_config.json").write_text(content)
    with pytest.raises(ZaohuaError, match=r"cannot be read") as caught:
        Tokenizer.load(tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "damage",
    [
        lambda spec: spec["post_processor"].update(special_tokens={}),  # the library panics
        lambda spec: spec["model"].update(continuing_subword_prefix="0123456789"),  # and here
        lambda spec: spec["model"]["vocab"].update({"a": -1}),
        lambda spec: spec["model"].pop("merges"),
        lambda spec: spec.update(model=None),
        lambda spec: spec.update(decoder={"type": "Nothing"}),
    ],
)
def test_a_damaged_tokeniser_is_one_line(damage, tmp_path):
    spec = json.loads(llama2()[0].to_str())
    damage(spec)
    (tmp_path / "tokenizer.json").write_text(json.dumps(spec))
    with pytest.raises(ZaohuaError, match=r"cannot be read as a tokeniser") as caught:
        Tokenizer.load(tmp_path)
    assert "\n" not in str(caught.value)
