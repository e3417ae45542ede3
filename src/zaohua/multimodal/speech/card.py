"""README.md of a model that writes down what is said."""

from typing import Any

from zaohua.language.text_card import seq2seq_card

_WHAT = (
    "An encoder-decoder that hears a recording and writes down what is said, trained from nothing with zaohua.",
    "由 zaohua 从零训练的编码器—解码器：听一段录音，写下所说的话。",
)


def listener_card(**facts: Any) -> str:
    """The card, in English and Chinese. facts: as of zaohua.language.text_card.seq2seq_card."""
    call = 'model.transcribe("recording.wav").text'
    return seq2seq_card(what=_WHAT, call=call, pipeline="automatic-speech-recognition", **facts)
