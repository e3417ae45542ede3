"""Training a tokeniser on the user's own text."""

from collections import Counter
from collections.abc import Iterable, Iterator

from tokenizers import AddedToken, Regex, decoders, models, pre_tokenizers, trainers
from tokenizers import Tokenizer as Backend

from zaohua.errors import ZaohuaError
from zaohua.i18n import t
from zaohua.language.tokenizer import SPECIAL_TOKENS, UNKNOWN, Tokenizer, TokenizerConfig, whole_characters
from zaohua.language.tokenizer_fast import BYTE_LETTERS, CHARACTERS, PATTERN

# Chinese has no spaces, so nearly every stretch between two punctuation marks is a new "word" to the trainer. No
# token of a useful vocabulary is this long: cutting words here bounds the work without changing what is learnt.
_LONGEST_WORD = 16  # characters
_PIECE = 64_000  # characters of a long document that are sampled together


def train(config: TokenizerConfig, texts: Iterable[str]) -> Tokenizer:
    """A tokeniser for `texts`, which are read once; BPE should be given a sample (see `sample`).

    Text that holds too few patterns to fill the vocabulary gives a smaller one. kind="folder" reads no text.
    """
    if config.kind == "folder":
        assert config.path is not None
        return Tokenizer.load(config.path)
    if config.kind == "char":
        return Tokenizer(_train_characters(texts, config.vocab_size))
    return Tokenizer(_train_bpe(texts, config.vocab_size))


def sample_share(config: TokenizerConfig, num_bytes: int) -> float:
    """The share of a corpus of num_bytes that the tokeniser learns from: all of it but for bpe.

    BPE learns at about 1 MB/s and needs 60 bytes of memory per byte of Chinese. Left out, the sample is a sixteenth
    of the corpus, at least 4 MB and at most 16 MB: four times the text makes tokens 2 to 3 % longer, no more.
    """
    if config.kind != "bpe":
        return 1.0
    wanted = config.sample_megabytes * 1e6 if config.sample_megabytes else min(max(num_bytes / 16, 4e6), 16e6)
    return min(1.0, wanted / max(num_bytes, 1))


def sample(texts: Iterable[str], share: float) -> Iterator[str]:
    """About `share` of the characters of `texts`, spread evenly over them: whole documents, or parts of long ones."""
    owed = 0.0
    for text in texts:
        for start in range(0, len(text), _PIECE):
            piece = text[start : start + _PIECE]
            owed += len(piece) * share
            if owed >= len(piece):
                owed -= len(piece)
                yield piece


def _train_bpe(texts: Iterable[str], vocab_size: int) -> Backend:
    backend = Backend(models.BPE())
    words = pre_tokenizers.Split(Regex(PATTERN), "isolated")
    letters = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    shorter = pre_tokenizers.Split(Regex(rf"[\s\S]{{1,{_LONGEST_WORD}}}"), "isolated")
    backend.pre_tokenizer = pre_tokenizers.Sequence([words, shorter, letters])
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size - len(SPECIAL_TOKENS),
        min_frequency=2,  # a pair seen once is no pattern
        initial_alphabet=sorted(BYTE_LETTERS),
        show_progress=False,
    )
    backend.train_from_iterator((whole_characters(text) for text in texts), trainer)
    backend.pre_tokenizer = pre_tokenizers.Sequence([words, letters])
    _add_special(backend, SPECIAL_TOKENS)
    return backend


def _train_characters(texts: Iterable[str], vocab_size: int) -> Backend:
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(whole_characters(text))
    special = (*SPECIAL_TOKENS, UNKNOWN)
    room = vocab_size - len(special)
    if not counts or room < 1:
        smallest = len(special) + 1
        raise ZaohuaError(t("tokenizer.no_characters", size=vocab_size, smallest=smallest))
    frequent = sorted(counts, key=lambda c: (-counts[c], c))[:room]
    vocabulary = {token: index for index, token in enumerate([*sorted(frequent), *special])}
    backend = Backend(models.WordLevel(vocabulary, unk_token=UNKNOWN))
    backend.pre_tokenizer = pre_tokenizers.Split(Regex(CHARACTERS), "isolated")
    backend.decoder = decoders.Fuse()
    _add_special(backend, special)
    return backend


def _add_special(backend: Backend, names: Iterable[str]) -> None:
    backend.add_special_tokens([AddedToken(name, special=True, normalized=False) for name in names])
