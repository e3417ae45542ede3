"""Which prompts a step reads: some, more while few would wait for them, and none twice."""

from types import SimpleNamespace

from zaohua.language.engine.reading import next_to_read
from zaohua.language.engine.slots import BLOCK


def text(*beginning: int, length: int = 2 * BLOCK, read: int = 0, shareable: bool = True):
    unread = [*beginning, *[0] * (length - len(beginning))]
    return SimpleNamespace(unread=unread, slot=SimpleNamespace(length=read), shareable=shareable)


def test_all_are_read_while_nobody_writes_and_some_while_many_do():
    texts = [text(number) for number in range(16)]
    assert next_to_read(texts, 0) == texts
    assert next_to_read(texts, 6) == texts[:10]
    assert next_to_read(texts, 100) == texts[:4]
    assert next_to_read(texts[:2], 100) == texts[:2]


def test_a_beginning_that_is_being_read_is_waited_for():
    leader, follower, other, short = text(1), text(1), text(2), text(1, length=5)
    assert next_to_read([leader, follower, other, short, short], 0) == [leader, other, short, short]
    leader.slot.length = BLOCK  # still at work
    assert next_to_read([leader, follower], 0) == [leader]
    assert next_to_read([follower], 0) == [follower]
    assert next_to_read([leader, text(1, shareable=False)], 0)[1:]  # a text read again shares nothing
