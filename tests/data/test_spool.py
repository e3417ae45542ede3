"""The spool gives back what was written, in any order and any selection."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaohua.data.document import Document
from zaohua.data.spool import Spool, SpoolWriter

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@given(st.lists(st.tuples(words, words), max_size=20), st.data())
def test_round_trip(
    tmp_path_factory: pytest.TempPathFactory, written: list[tuple[str, str]], data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("spool")
    writer = SpoolWriter(folder)
    for text, name in written:
        writer.add(Document(text, name))
    spool = writer.close()
    assert [(d.text, d.name) for d in spool] == written
    assert spool.characters.tolist() == [len(text) for text, _ in written]
    assert spool.bytes.tolist() == [len(text.encode()) for text, _ in written]
    order = data.draw(st.permutations(range(len(written))))
    assert [(d.text, d.name) for d in spool.read(np.array(order, dtype=np.int64))] == [written[i] for i in order]
    keep = np.array([data.draw(st.booleans()) for _ in written], dtype=bool)
    chosen = Spool(folder, keep)
    assert len(chosen) == keep.sum()
    texts = [text for (text, _), kept in zip(written, keep, strict=True) if kept]
    whole = "".join(texts)
    assert chosen.amounts() == {"documents": len(texts), "characters": len(whole), "bytes": len(whole.encode())}
    assert [d.text for d in chosen] == texts


def test_lone_surrogates_are_replaced(tmp_path_factory: pytest.TempPathFactory) -> None:
    writer = SpoolWriter(tmp_path_factory.mktemp("spool"))
    writer.add(Document("a\ud800b", "n"))
    assert [d.text for d in writer.close()] == ["a?b"]
