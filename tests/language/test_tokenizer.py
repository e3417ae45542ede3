"""Tokenisers: exact round trips, the same ids from the fast encoder, and what other libraries read from our files."""

import json
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer as Backend
from tokenizers import decoders, models, normalizers, pre_tokenizers

from zaohua.errors import UsageError, ZaohuaError
from zaohua.language import tokenizer as module
from zaohua.language.tokenizer import SPECIAL_TOKENS, UNKNOWN, Tokenizer, TokenizerConfig, whole_characters
from zaohua.language.tokenizer_fast import fast_encoder
from zaohua.language.tokenizer_training import sample, sample_share, train

PLAIN = [
    "It's the King's horse: they'll ride at 5, WE'RE told.  Don't\tstop!\r\n\r\n   Indeed…",
    "话说天下大势，分久必合，合久必分。周末七国分争，并入于秦。",
    "def f(x):\n    return x ** 2  # naïve — ½ × 3.14\n\n\n",
    "天青色等煙雨，而我在等妳 ♪ 🐼🏽‍♀️ العربية हिन्दी ไทย ｆｕｌｌ　ｗｉｄｔｈ",
]
SPELLED = "<|im_start|>user <|image|><|/image|><|endoftext|>"


@pytest.fixture(scope="module")
def bpe():
    return train(TokenizerConfig(vocab_size=480), PLAIN * 50)


@pytest.fixture(scope="module")
def char():
    return train(TokenizerConfig(kind="char"), PLAIN)


@pytest.fixture(scope="module")
def real(shared_data):
    """Real text of both languages: (name, text)."""
    files = ("chinese-novel/shuihuzhuan.txt", "tinyshakespeare/input.txt", "brown-genres/news.txt")
    return [(name, (shared_data / "text" / name).read_text(encoding="utf-8")) for name in files]


def slow(tokenizer, text):
    return tokenizer._ordinary.encode(text, add_special_tokens=False).ids


@given(text=st.text())
def test_round_trip(bpe, text):
    assert bpe.decode(bpe.encode(text)) == text


@given(text=st.text(st.characters()))  # surrogates too
def test_surrogates_become_whole_characters(bpe, text):
    clean = whole_characters(text)
    clean.encode("utf-8")
    assert clean == text or any("\ud800" <= c <= "\udfff" for c in text)
    assert bpe.encode(text) == bpe.encode(clean)
    assert bpe.decode(bpe.encode(text)) == clean


def test_surrogates_by_example():
    assert whole_characters("a\ud83d\udc3cb\ud800c\udc00") == "a🐼b\ufffdc\ufffd"


def all_of_unicode():
    characters = [chr(c) for c in range(sys.maxunicode + 1) if not 0xD800 <= c <= 0xDFFF]
    return ["".join(characters[i : i + 4096]) for i in range(0, len(characters), 4096)]


def test_all_of_unicode(bpe, char):
    """Every character, in order and each between letters: round trip, and both encoders agree."""
    blocks = all_of_unicode()
    blocks += ["a".join(block) for block in blocks[:: 8 if len(blocks) > 8 else 1]]
    for block, fast in zip(blocks, bpe.encode_batch(blocks), strict=True):
        assert bpe.decode(fast) == block
        assert fast.tolist() == slow(bpe, block)
    for block in blocks[:40]:
        assert char.encode(block) == slow(char, block)


@given(text=st.text(st.sampled_from("aAbB'sStT lL\r\n\t \u3000，。12汉字é\u0301<|>_")))
def test_fast_ids_are_the_backend_ids(bpe, char, text):
    for tokenizer in (bpe, char):
        assert tokenizer._fast is not None
        assert tokenizer.encode(text) == slow(tokenizer, text)


@settings(max_examples=40)
@given(
    corpus=st.lists(st.text(st.sampled_from("aab "), min_size=1), min_size=1),
    size=st.integers(266, 320),
    data=st.data(),
)
def test_fast_ids_for_any_trained_vocabulary(corpus, size, data):
    """Runs of one letter are where two ways to build a token are likeliest; any text, any vocabulary size."""
    tokenizer = train(TokenizerConfig(vocab_size=size), corpus * 3)
    assert tokenizer._fast is not None
    text = data.draw(st.text(st.sampled_from("aab ")))
    assert tokenizer.encode(text) == slow(tokenizer, text)


def test_real_text_has_the_same_ids(real):
    documents = [text[i : i + 3000] for _, text in real for i in range(0, len(text), 12_000)]
    tokenizer = train(TokenizerConfig(vocab_size=4096), documents)
    assert tokenizer.vocab_size == 4096
    expected = tokenizer._ordinary.encode_batch_fast(documents, add_special_tokens=False)
    for document, fast, ids in zip(documents, tokenizer.encode_batch(documents), expected, strict=True):
        assert fast.tolist() == ids.ids
        assert tokenizer.decode(fast) == document


def byte_level(vocabulary, merges):
    backend = Backend(models.BPE(vocabulary, merges))
    split = Backend.from_str(train(TokenizerConfig(vocab_size=265), ["x"]).backend.to_str())
    backend.pre_tokenizer = split.pre_tokenizer
    backend.decoder = decoders.ByteLevel()
    return backend


def test_vocabularies_that_tiktoken_would_read_otherwise_are_left_to_the_backend():
    letters = {letter: i for i, letter in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    good = byte_level(letters | {"ab": 256, "abc": 257}, [("a", "b"), ("ab", "c")])
    assert fast_encoder(good) is not None
    twice = byte_level(letters | {"ab": 256, "bc": 257, "abc": 258}, [("a", "b"), ("b", "c"), ("ab", "c"), ("a", "bc")])
    assert fast_encoder(twice) is None  # two merges make one token
    # "abc" is made from a + bc, but a + b comes first: the list never reaches it, tiktoken would.
    unreachable = byte_level(letters | {"ab": 256, "bc": 257, "abc": 258}, [("a", "b"), ("b", "c"), ("a", "bc")])
    assert fast_encoder(unreachable) is None
    assert Tokenizer(unreachable).encode("abc") == [256, letters["c"]]
    falling = byte_level(letters | {"ab": 257, "bc": 256}, [("a", "b"), ("b", "c")])
    assert fast_encoder(falling) is None
    normalised = byte_level(letters | {"ab": 256}, [("a", "b")])
    normalised.normalizer = normalizers.NFC()
    assert fast_encoder(normalised) is None
    assert Tokenizer(normalised).encode_batch(["ab", ""])[0].tolist() == [256]


def test_long_texts_are_cut_where_no_token_crosses(bpe, monkeypatch):
    monkeypatch.setattr(module, "_PIECE", 7)
    text = "\n".join(PLAIN) + "\n \n\n x\n\u3000y \n'll\r\n\r" + "\n".join("ab? c" for _ in range(20))
    assert len(bpe.cut(text)) > 10
    assert "".join(bpe.cut(text)) == text
    for threads in (1, 2):
        assert bpe.encode_batch([text, "", "a"], threads=threads)[0].tolist() == slow(bpe, text)
    assert bpe.encode(text) == slow(bpe, text)


@given(text=st.text(st.sampled_from("a'? \n\r\t\u3000，1")), piece=st.integers(1, 6))
def test_cuts_change_no_id(bpe, text, piece):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_PIECE", piece)
        assert bpe.encode(text) == slow(bpe, text)


def test_a_million_spaces(bpe):
    """More white space than tiktoken's regular expressions can hold (they would end the process's thread)."""
    text = "a" + " " * 1_100_000 + "b"
    assert bpe.decode(bpe.encode(text)) == text


def test_special_tokens_come_after_the_vocabulary(bpe, char):
    for tokenizer, names in ((bpe, SPECIAL_TOKENS), (char, (*SPECIAL_TOKENS, UNKNOWN))):
        first = tokenizer.vocab_size - len(names)
        assert tokenizer.special == {name: first + i for i, name in enumerate(names)}
        assert tokenizer.eot_id == first
    assert bpe.vocab_size == 480
    assert bpe.unknown_id is None


@given(before=st.text(max_size=5), after=st.text(max_size=5), name=st.sampled_from([*SPECIAL_TOKENS, UNKNOWN]))
def test_text_never_makes_special_tokens(bpe, char, before, after, name):
    text = before + name + after
    for tokenizer in (bpe, char):
        made = set(tokenizer.encode(text)) | set(tokenizer.encode_batch([text])[0].tolist())
        assert not (made - {tokenizer.unknown_id}) & set(tokenizer.special.values())
    assert bpe.decode(bpe.encode(text)) == text


def test_allow_special(bpe):
    ids = bpe.encode(SPELLED, allow_special=True)
    assert [i for i in ids if i in bpe.special.values()] == [
        bpe.special[name] for name in ("<|im_start|>", "<|image|>", "<|/image|>", "<|endoftext|>")
    ]
    assert bpe.decode(ids) == SPELLED
    assert bpe.decode(ids, skip_special=True) == "user "


def test_characters(char):
    assert char.decode(char.encode(PLAIN[0])) == PLAIN[0]
    assert len(char.encode(PLAIN[1])) == len(PLAIN[1])
    alphabet = sorted(set("".join(PLAIN)))
    assert char.encode("".join(alphabet)) == list(range(len(alphabet)))
    assert char.encode("a\u2603b") == [char.encode("a")[0], char.unknown_id, char.encode("b")[0]]
    few = train(TokenizerConfig(kind="char", vocab_size=len(SPECIAL_TOKENS) + 3), ["aabbbc"])
    assert [few.encode(c) == [few.unknown_id] for c in "abc"] == [False, False, True]  # the frequent ones are kept
    with pytest.raises(ZaohuaError):
        train(TokenizerConfig(kind="char"), [])


@pytest.mark.parametrize("kind", ["bpe", "char"])
@pytest.mark.parametrize("model_type", [None, "qwen3"])
def test_transformers_reads_the_same(bpe, char, kind, model_type, tmp_path):
    transformers = pytest.importorskip("transformers")
    tokenizer = {"bpe": bpe, "char": char}[kind]
    tokenizer.save(tmp_path)
    if model_type:
        (tmp_path / "config.json").write_text(json.dumps({"model_type": model_type}))
    theirs = transformers.AutoTokenizer.from_pretrained(tmp_path)
    assert len(theirs) == tokenizer.vocab_size
    for name in ("eos", "pad"):
        assert getattr(theirs, f"{name}_token_id") == tokenizer.eot_id
    for text in [*PLAIN, "e\u0301 nai\u0308ve \ufb01", SPELLED, "a  b .\n"]:
        ids = tokenizer.encode(text, allow_special=True)
        assert theirs(text).input_ids == ids
        assert theirs.decode(ids) == tokenizer.decode(ids)


@pytest.mark.parametrize("kind", ["bpe", "char"])
def test_save_and_load(bpe, char, kind, tmp_path):
    tokenizer = {"bpe": bpe, "char": char}[kind]
    tokenizer.save(tmp_path / "a")
    for loaded in (
        Tokenizer.load(tmp_path / "a"),
        train(TokenizerConfig(kind="folder", path=str(tmp_path / "a")), iter([])),
    ):
        loaded.save(tmp_path / "b")
        for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"):
            assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
        assert loaded.encode(PLAIN[3]) == tokenizer.encode(PLAIN[3])
        assert (loaded.vocab_size, loaded.eot_id, loaded.special) == (
            tokenizer.vocab_size,
            tokenizer.eot_id,
            tokenizer.special,
        )


def test_a_foreign_tokeniser(tmp_path):
    """Words with a leading-space mark, an end token of another name, no special tokens of ours."""
    vocabulary = {"<s>": 0, "</s>": 1, "▁the": 2, "▁cat": 3, "s": 4, "▁": 5, "c": 6, "a": 7, "t": 8}
    backend = Backend(models.Unigram([(token, -float(i)) for token, i in vocabulary.items()], unk_id=0))
    backend.pre_tokenizer = pre_tokenizers.Metaspace()
    backend.decoder = decoders.Metaspace()
    backend.add_special_tokens(["<s>", "</s>"])
    backend.save(str(tmp_path / "tokenizer.json"))
    (tmp_path / "tokenizer_config.json").write_text(
        json.dumps({"eos_token": {"content": "</s>"}, "chat_template": "x"})
    )
    tokenizer = Tokenizer.load(tmp_path)
    assert tokenizer.eot_id == 1
    ids = tokenizer.encode("the cats the")
    assert ids == [2, 3, 4, 2]
    assert [batch.tolist() for batch in tokenizer.encode_batch(["the", ""])] == [[2], []]
    stream = tokenizer.stream()
    assert [stream.push(token) for token in ids] == ["the", " cat", "s", " the"]
    tokenizer.save(tmp_path / "copy")
    assert json.loads((tmp_path / "copy/tokenizer_config.json").read_text())["chat_template"] == "x"


@given(text=st.text(), noise=st.lists(st.integers(0, 479), max_size=30))
def test_streams_give_whole_characters(bpe, char, text, noise):
    for ids in (bpe.encode(text), noise):  # random ids are mostly broken UTF-8
        stream = bpe.stream()
        pieces = [stream.push(token) for token in ids]
        assert "".join(pieces) + stream.flush() == bpe.decode(ids)
    stream = char.stream()
    ids = [token % char.vocab_size for token in noise]
    assert "".join(map(stream.push, ids)) + stream.flush() == char.decode(ids)


def test_stream_holds_back_half_a_character(bpe):
    ids = bpe.encode("a🦄")  # not in the training text: one token per byte, or nearly
    assert len(ids) > 2
    stream = bpe.stream()
    assert [stream.push(token) for token in ids] == ["a", *[""] * (len(ids) - 2), "🦄"]
    assert stream.flush() == ""
    stream = bpe.stream()
    assert stream.push(ids[1]) == ""
    assert stream.flush() == "\ufffd"


def test_vocabulary_that_the_text_cannot_fill():
    tokenizer = train(TokenizerConfig(vocab_size=2000), ["abab abab", "hello hello"])
    assert 265 < tokenizer.vocab_size < 280
    assert tokenizer.special["<|/video|>"] == tokenizer.vocab_size - 1


def test_sample_spreads():
    texts = [f"{i:04}" * 25 for i in range(1000)] + ["x" * 1_000_000]
    half = list(sample(texts, 0.5))
    assert abs(sum(map(len, half)) - 550_000) < 70_000
    assert len(half) >= 500
    assert any("x" in text for text in half)
    assert list(sample(texts[:1000], 1.0)) == texts[:1000]


def test_sample_share_is_bounded():
    config = TokenizerConfig()
    assert sample_share(config, 1000) == 1
    assert sample_share(config, 0) == 1
    assert sample_share(config, 100_000_000) == pytest.approx(0.0625)
    assert sample_share(config, 1_000_000_000) == pytest.approx(0.016)
    assert sample_share(TokenizerConfig(sample_megabytes=50), 100_000_000) == pytest.approx(0.5)
    assert sample_share(TokenizerConfig(kind="char"), 10**12) == 1  # rare characters must not be missed


def test_configuration_is_checked():
    for wrong in ({"kind": "folder"}, {"vocab_size": 264}, {"vocab_size": 1, "kind": "char"}, {"kind": "bytes"}):
        with pytest.raises(ValueError, match="1 validation error"):
            TokenizerConfig(**wrong)


def test_bad_folders_are_one_line(tmp_path):
    with pytest.raises(UsageError, match=r"tokenizer\.json"):
        Tokenizer.load(tmp_path)
    (tmp_path / "tokenizer.json").write_text('{"version": "1.0", "model"')
    with pytest.raises(ZaohuaError, match=r"tokenizer\.json") as error:
        Tokenizer.load(tmp_path)
    assert "\n" not in str(error.value)
    Backend(models.BPE()).save(str(tmp_path / "tokenizer.json"))
    with pytest.raises(ZaohuaError, match="endoftext"):
        _ = Tokenizer.load(tmp_path).eot_id


def test_arrays_and_lists(bpe):
    ids = bpe.encode_batch([PLAIN[1]])[0]
    assert ids.dtype == np.int32
    assert bpe.decode(ids) == bpe.decode(ids.tolist()) == PLAIN[1]
