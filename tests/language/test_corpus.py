"""Preparing a corpus: what comes out is what the sources say, once, through any kill and any number of processes."""

import json
import os
import random
import re
import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from zaohua.data import shards
from zaohua.data.config import TextDataConfig
from zaohua.errors import ZaohuaError
from zaohua.language import corpus as module
from zaohua.language import tokenizer as tokenizer_module
from zaohua.language.corpus import prepare
from zaohua.language.tokenizer import Tokenizer, TokenizerConfig
from zaohua.report.source import lines

ENGLISH = "the old king rode out at dawn with seven tired knights and nobody in the village knew where to"
CHINESE = "天地玄黄宇宙洪荒日月盈昃辰宿列张寒来暑往秋收冬藏闰余成岁律吕调阳"
CONTEXT = 32
SMALL = TokenizerConfig(vocab_size=400)


def write_documents(folder, count=80, seed=0):
    folder.mkdir(parents=True)
    chance = random.Random(seed)
    for number in range(count):
        if number % 2:
            lines = [" ".join(chance.choices(ENGLISH.split(), k=12)) + "." for _ in range(8)]
        else:
            lines = ["".join(chance.choices(CHINESE, k=30)) + "。" for _ in range(8)]
        (folder / f"{number:03}.txt").write_text(f"{number}\n" + "\n".join(lines), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return write_documents(tmp_path_factory.mktemp("source") / "texts")


def make(source, cache, tokenizer=SMALL, context=CONTEXT, **options):
    data = TextDataConfig(source=f"folder:{source}", **options)
    return prepare(data, tokenizer, seed=1, context=context, cache=cache)


@pytest.fixture(scope="module")
def corpus(source, tmp_path_factory):
    return make(source, tmp_path_factory.mktemp("cache"))


def texts(corpus, side):
    """The documents of one side, decoded."""
    stream = getattr(corpus, side)
    bounds = [*stream.document_starts.tolist(), stream.num_tokens]
    eot = corpus.tokenizer.eot_id
    for start, end in pairwise(bounds):
        ids = stream.read(start, end - start).tolist()
        yield corpus.tokenizer.decode([token for token in ids if token != eot])


def files(folder):
    """Every file of a prepared corpus; the one field of the report that tells the time is left out."""
    found = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    found["report.json"] = re.sub(rb'"seconds": [\d.]+', b"", found["report.json"])
    return found


def test_every_document_is_on_one_side_whole(corpus, source):
    written = {path.read_text(encoding="utf-8") for path in source.iterdir()}
    train, validation = list(texts(corpus, "train")), list(texts(corpus, "validation"))
    assert set(train) | set(validation) == written
    assert len(train) + len(validation) == len(written)
    assert len(validation) >= 3
    for name, side in (("train", train), ("validation", validation)):
        assert getattr(corpus, name).num_bytes == sum(len(text.encode()) for text in side)


def test_documents_are_parted_by_end_of_text(corpus):
    """Between any two documents, and at the beginning of training, where no earlier document ends."""
    for stream, extra in ((corpus.train, 0), (corpus.validation, -1)):
        ids = stream.read(0, stream.num_tokens)
        assert (ids == corpus.tokenizer.eot_id).sum() == len(stream.document_starts) + extra
        assert all(ids[stream.document_starts[1:] - 1] == corpus.tokenizer.eot_id)
        assert ids[-1] != corpus.tokenizer.eot_id
    assert corpus.train.read(0, 1)[0] == corpus.tokenizer.eot_id
    assert corpus.validation.read(0, 1)[0] != corpus.tokenizer.eot_id


def test_report(corpus, source):
    report = json.loads(json.dumps(corpus.report))
    assert report["documents"] == 80
    assert report["sources"] == [f"folder:{source}"]
    assert report["tokens"] == {"train": corpus.train.num_tokens, "validation": corpus.validation.num_tokens}
    assert report["hash"] == corpus.folder.name
    assert report["vocab_size"] == corpus.tokenizer.vocab_size == 400
    assert report["warnings"] == []
    both = [*texts(corpus, "train"), *texts(corpus, "validation")]
    chinese = [text for text in both if "天" in text or "地" in text]
    tokens = sum(len(corpus.tokenizer.encode(text)) + 1 for text in chinese)
    assert report["bytes_per_token"]["zh"] == pytest.approx(sum(len(t.encode()) for t in chinese) / tokens, rel=0.01)
    assert set(report["bytes_per_token"]) == {"en", "zh"}
    assert report["split"]["train"]["documents"] == len(corpus.train.document_starts)
    assert report["kept"]["documents"] == 80
    assert report["kept"]["bytes"] == corpus.train.num_bytes + corpus.validation.num_bytes


def test_a_visible_preparation_says_in_a_few_lines_what_it_found(corpus, source, capsys):
    data = TextDataConfig(source=f"folder:{source}")
    prepare(data, SMALL, seed=1, context=CONTEXT, cache=corpus.folder.parent)
    assert capsys.readouterr().err == ""
    prepare(data, SMALL, seed=1, context=CONTEXT, cache=corpus.folder.parent, visible=True)
    said = capsys.readouterr().err
    kept, sides = corpus.report["kept"], corpus.report["split"]
    numbers = [80, kept["characters"], sides["train"]["characters"], sides["validation"]["characters"], 400]
    for found in (*(f"{number:,}" for number in numbers), "utf-8", *corpus.report["bytes_per_token"]):
        assert found in said
    assert len(lines(corpus.report)) == 4


def test_the_tokeniser_has_not_seen_validation(source, tmp_path):
    corpus = make(source, tmp_path, TokenizerConfig(kind="char"))
    seen = set("".join(texts(corpus, "train")))
    known = {
        token for token, i in corpus.tokenizer.backend.get_vocab().items() if i not in corpus.tokenizer.special.values()
    }
    assert known == seen


def test_cached_by_content(corpus, source, tmp_path, monkeypatch):
    cache = corpus.folder.parent
    copy = tmp_path / "elsewhere"
    copy.mkdir()
    for path in source.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(module, "_make", None)  # making it again would fail
    for folder in (source, copy):
        again = make(folder, cache)
        assert again.folder == corpus.folder
        assert np.array_equal(again.train.read(0, 100), corpus.train.read(0, 100))


def test_anything_that_matters_makes_another_corpus(corpus, source, tmp_path):
    cache = corpus.folder.parent
    others = [
        make(source, cache, TokenizerConfig(vocab_size=399)),
        make(source, cache, validation=0.2),
        prepare(TextDataConfig(source=f"folder:{source}"), SMALL, seed=2, context=CONTEXT, cache=cache),
        make(source, cache, TokenizerConfig(kind="folder", path=str(corpus.folder / "tokenizer"))),
        make(write_documents(tmp_path / "texts", seed=1), cache),
    ]
    assert len({corpus.folder, *(other.folder for other in others)}) == 6
    assert make(source, cache, context=8).folder == corpus.folder
    assert make(source, cache, needs="a folder of texts").folder == corpus.folder


def test_existing_tokeniser(corpus, source, tmp_path):
    reused = make(
        source, tmp_path, TokenizerConfig(kind="folder", path=str(corpus.folder / "tokenizer")), validation=0.2
    )
    assert reused.tokenizer.backend.to_str() == corpus.tokenizer.backend.to_str()
    assert list(tmp_path.glob("*.part")) == []
    with pytest.raises(ZaohuaError, match=r"tokenizer\.json"):
        make(source, tmp_path, TokenizerConfig(kind="folder", path=str(tmp_path / "nothing")))


def test_long_documents_are_encoded_in_parts(tmp_path, monkeypatch):
    lines = [f"line {i} 天地玄黄 " + "x" * (i % 9) for i in range(3000)]
    (tmp_path / "one.txt").write_text("\n".join(lines))
    (tmp_path / "two.txt").write_text("\n".join(reversed(lines)))
    data = TextDataConfig(source=[f"file:{tmp_path}/one.txt", f"file:{tmp_path}/two.txt"])
    whole = prepare(data, SMALL, seed=1, context=CONTEXT, cache=tmp_path / "a")
    monkeypatch.setattr(tokenizer_module, "_PIECE", 500)
    monkeypatch.setattr(module, "_BATCH", 1200)
    parts = prepare(data, SMALL, seed=1, context=CONTEXT, cache=tmp_path / "b")
    assert len(parts.tokenizer.cut("\n".join(lines))) > 50
    for side in ("train", "validation"):
        a, b = getattr(whole, side), getattr(parts, side)
        assert np.array_equal(a.read(0, a.num_tokens), b.read(0, b.num_tokens))
        assert np.array_equal(a.document_starts, b.document_starts)
        assert a.num_bytes == b.num_bytes
    assert len(whole.train.document_starts) == 2


def test_progress_is_told(source, tmp_path):
    told = []
    data = TextDataConfig(source=f"folder:{source}")
    prepare(data, SMALL, seed=1, context=CONTEXT, cache=tmp_path, progress=lambda *what: told.append(what))
    assert list(dict.fromkeys(stage for stage, _, _ in told)) == ["read", "tokenizer", "encode"]
    encoded = [(done, total) for stage, done, total in told if stage == "encode"]
    assert encoded == sorted(encoded)
    assert 0.9 < encoded[-1][0] / encoded[-1][1] <= 1


CHILD = """
import os, signal, sys
from pathlib import Path
from zaohua.data import shards
from zaohua.language import corpus
from zaohua.data.config import TextDataConfig
from zaohua.language.tokenizer import TokenizerConfig

source, cache, point, number = sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
shards._SHARD_BYTES = 4000
corpus._BATCH = 2000
left = number

def count(name):
    global left
    if name == point:
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

fsync = os.fsync
def counted(descriptor):
    count("fsync")
    fsync(descriptor)
os.fsync = counted
data = TextDataConfig(source="folder:" + source)
corpus.prepare(data, TokenizerConfig(vocab_size=400), seed=1, context=32, cache=cache,
               progress=lambda stage, done, total: count(stage))
"""


def start(source, cache, point="never", number=0):
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, source, cache, point, str(number)], env=environment, stderr=subprocess.PIPE
    )


@pytest.fixture(scope="module")
def unbroken(source, tmp_path_factory):
    cache = tmp_path_factory.mktemp("unbroken")
    child = start(source, cache)
    assert child.wait() == 0, child.stderr.read()
    (folder,) = (path for path in cache.iterdir() if path.is_dir())
    assert len(list(folder.glob("train/*.bin"))) > 3
    return folder


# Counted in flushes to the disk, a kill falls into the text, the tokeniser, or one of the shards.
@pytest.mark.parametrize(
    ("point", "number"), [("read", 40), ("tokenizer", 9), ("encode", 60), *(("fsync", n) for n in (1, 4, 6, 9, 14, 20))]
)
def test_killed_and_run_again(source, unbroken, tmp_path, point, number, monkeypatch):
    child = start(source, tmp_path, point, number)
    assert child.wait() == -signal.SIGKILL, child.stderr.read()
    assert not (tmp_path / unbroken.name).exists()
    finished = len(list(tmp_path.glob("*.part/train/*.json")))
    encoded = []
    encode = Tokenizer.encode_batch
    monkeypatch.setattr(Tokenizer, "encode_batch", lambda self, texts: encoded.extend(texts) or encode(self, texts))
    monkeypatch.setattr(shards, "_SHARD_BYTES", 4000)
    monkeypatch.setattr(module, "_BATCH", 2000)
    again = make(source, tmp_path)
    assert files(again.folder) == files(unbroken)
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == [unbroken.name]
    if finished:  # what they hold was not encoded again
        assert sum(len(text.encode()) for text in encoded) < again.train.num_bytes + again.validation.num_bytes


def test_two_processes_at_once(source, unbroken, tmp_path):
    children = [start(source, tmp_path) for _ in range(2)]
    assert [child.wait() for child in children] == [0, 0], [child.stderr.read() for child in children]
    assert files(tmp_path / unbroken.name) == files(unbroken)


def test_characters_without_a_place_in_the_vocabulary_are_told_of(source, tmp_path):
    known = make(source, tmp_path, TokenizerConfig(kind="char", vocab_size=400))
    assert known.report["unknown"] == 0
    assert known.report["warnings"] == []
    cut = make(source, tmp_path, TokenizerConfig(kind="char", vocab_size=30))
    ids = cut.train.read(0, cut.train.num_tokens).tolist()
    share = ids.count(cut.tokenizer.unknown_id) / len(ids)
    assert 0 < share < 1
    assert cut.report["unknown"] == pytest.approx(share)
    assert [f"{100 * share:.1f}%" in warning for warning in cut.report["warnings"]] == [True]


def test_what_the_data_cannot_fill_is_lowered_with_one_warning(tmp_path, capsys):
    folder = write_documents(tmp_path / "texts", count=4)
    data = TextDataConfig(source=f"folder:{folder}")
    asked = TokenizerConfig(vocab_size=9000)
    for _ in range(2):  # from the cache as well
        corpus = prepare(data, asked, seed=1, context=5000, cache=tmp_path / "c", visible=True)
        assert 2 * corpus.context + 1 <= corpus.train.num_tokens < 2 * corpus.context + 3
        said = " ".join(capsys.readouterr().err.split())
        for value in (corpus.tokenizer.vocab_size, corpus.context):
            assert said.count(f"now {value}") == 1
        assert len(corpus.report["warnings"]) == 2


@pytest.mark.parametrize("text", ["too short", "", " \n\n"])
def test_too_little_text_is_one_line(tmp_path, text):
    (tmp_path / "a.txt").write_text(text)
    with pytest.raises(ZaohuaError) as error:
        prepare(TextDataConfig(source=f"file:{tmp_path}/a.txt"), SMALL, seed=1, context=CONTEXT, cache=tmp_path / "c")
    assert "\n" not in str(error.value)


def test_nothing_left_after_filtering(source, tmp_path):
    with pytest.raises(ZaohuaError, match="min_chars"):
        make(source, tmp_path, min_chars=100_000)
    (left,) = (path.suffix for path in tmp_path.iterdir() if path.is_dir())
    assert left == ".part"  # no corpus


def test_shakespeare_is_not_changed(shared_data, tmp_path):
    file = Path(shared_data) / "text/tinyshakespeare/input.txt"
    data = TextDataConfig(source=f"file:{file}", normalise="none")
    corpus = prepare(data, TokenizerConfig(kind="char"), seed=1, context=64, cache=tmp_path)
    text = next(texts(corpus, "train")) + next(texts(corpus, "validation"))
    assert corpus.tokenizer.vocab_size == len(set(text)) + len(corpus.tokenizer.special)
    assert text == file.read_text()
    assert corpus.validation.num_tokens == 111_540
