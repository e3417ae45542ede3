"""Token shards against a plain list, through any shard size and any kill."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaohua.data import shards
from zaohua.data.shards import ShardWriter, TokenShards
from zaohua.errors import ZaohuaError

EOT = 7
DOCUMENTS = st.lists(st.lists(st.integers(0, 999), max_size=30), max_size=12)


def write(folder, documents, shard_bytes, vocab_size=1000, skip=0):
    writer = ShardWriter(folder, vocab_size, EOT, shard_bytes)
    for document in documents[writer.appended :]:
        writer.append(np.asarray(document, np.int32), len(document) * 3)
    return writer.close()


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def on_disk(monkeypatch):
    monkeypatch.setattr(shards, "_IN_MEMORY", 0)


@given(documents=DOCUMENTS, shard_bytes=st.integers(2, 200), vocab_size=st.sampled_from([1000, 2**16, 2**16 + 1]))
def test_stream_is_the_documents_end_to_end(tmp_path_factory, documents, shard_bytes, vocab_size):
    tokens = write(tmp_path_factory.mktemp("s"), documents, shard_bytes, vocab_size)
    stream = [token for document in documents for token in [*document, EOT]]
    assert tokens.num_tokens == len(stream)
    assert tokens.read(0, len(stream)).tolist() == stream
    lengths = [len(document) + 1 for document in documents]
    assert tokens.document_starts.tolist() == np.cumsum([0, *lengths])[:-1].tolist()
    assert tokens.num_bytes == sum(3 * len(document) for document in documents)
    assert tokens.verify()


@given(
    documents=st.lists(st.lists(st.integers(0, 65534), max_size=30), min_size=4, max_size=12),
    shard_bytes=st.integers(2, 100),
    in_memory=st.sampled_from([0, 2**28]),
    data=st.data(),
)
def test_gather_and_read_across_shards(tmp_path_factory, documents, shard_bytes, in_memory, data):
    folder = tmp_path_factory.mktemp("s")
    write(folder, documents, shard_bytes, 2**16)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shards, "_IN_MEMORY", in_memory)
        tokens = TokenShards(folder)
    stream = np.array([token for document in documents for token in [*document, EOT]])
    count = data.draw(st.integers(1, len(stream)))
    starts = data.draw(st.lists(st.integers(0, len(stream) - count), min_size=1, max_size=8))
    expected = np.stack([stream[start : start + count] for start in starts])
    gathered = tokens.gather(np.array(starts), count)
    assert gathered.dtype == np.int64
    assert np.array_equal(gathered, expected)
    assert np.array_equal(tokens.read(starts[0], count), expected[0])


def test_reading_outside_is_an_error(tmp_path, on_disk):
    for tokens in (write(tmp_path / "a", [[1, 2, 3]], 100), write(tmp_path / "b", [[1, 2], [3, 4]], 2)):
        assert tokens.read(tokens.num_tokens, 0).size == 0
        for start, count in ((-1, 2), (0, tokens.num_tokens + 1), (tokens.num_tokens, 1)):
            with pytest.raises(IndexError):
                tokens.read(start, count)
            with pytest.raises(IndexError):
                tokens.gather(np.array([start]), count)


@given(documents=DOCUMENTS, shard_bytes=st.integers(2, 120), killed_after=st.integers(0, 12))
def test_a_killed_writer_goes_on_to_the_same_bytes(tmp_path_factory, documents, shard_bytes, killed_after):
    whole, killed = tmp_path_factory.mktemp("whole"), tmp_path_factory.mktemp("killed")
    write(whole, documents, shard_bytes)
    writer = ShardWriter(killed, 1000, EOT, shard_bytes)
    for document in documents[:killed_after]:
        writer.append(np.asarray(document, np.int32), len(document) * 3)
    del writer  # never closed: its last shard is lost, as in a kill
    with pytest.raises(ZaohuaError):
        TokenShards(killed)
    again = ShardWriter(killed, 1000, EOT, shard_bytes)
    assert again.appended <= killed_after
    write(killed, documents, shard_bytes)
    assert files(killed) == files(whole)


def test_finished_shards_survive(tmp_path):
    writer = ShardWriter(tmp_path, 1000, EOT, shard_bytes=20)
    for number in range(7):
        writer.append(np.array([number] * 4), 4)  # 5 tokens, 10 bytes: two documents fill a shard
    assert ShardWriter(tmp_path, 1000, EOT, 20).appended == 6


@given(parts=st.lists(st.lists(st.integers(0, 99), max_size=9), min_size=1, max_size=9), size=st.integers(2, 60))
def test_parts_of_a_document(tmp_path_factory, parts, size):
    """However a document is handed over, the stream, its boundaries and its bytes are the same; after a kill too."""
    folder = tmp_path_factory.mktemp("s")
    for attempt in range(2):
        writer = ShardWriter(folder, 1000, EOT, size)
        for number in range(writer.appended, len(parts)):
            if attempt == 0 and number == len(parts) // 2:
                break
            writer.append(np.array(parts[number], np.int32), 1, ends=number == len(parts) - 1)
    tokens = writer.close()
    assert tokens.read(0, tokens.num_tokens).tolist() == [*(i for part in parts for i in part), EOT]
    assert tokens.document_starts.tolist() == [0]


def test_damage_is_one_line(tmp_path):
    write(tmp_path, [[1, 2, 3]], 100)
    shard = tmp_path / "00000.bin"
    content = bytearray(shard.read_bytes())
    content[0] ^= 1
    shard.write_bytes(content)
    assert not TokenShards(tmp_path).verify()
    shard.write_bytes(content[:-2])
    with pytest.raises(ZaohuaError, match="delete") as error:
        TokenShards(tmp_path)
    assert "\n" not in str(error.value)
    (tmp_path / "index.json").write_text(json.dumps({"dtype": "uint16"}))
    with pytest.raises(ZaohuaError, match="delete"):
        TokenShards(tmp_path)
