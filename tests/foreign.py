"""Small tokenisers as the families publish them: (backend, tokenizer_config.json), trained on a few lines."""

import json

from tokenizers import Regex, decoders, models, normalizers, pre_tokenizers, processors, trainers
from tokenizers import Tokenizer as Backend

CORPUS = [
    "从前有一座山，山上有一座庙。",
    "Once upon a time there was a hill, and on the hill a temple.",
    "It's 1984!\n\n",
] * 9
QWEN2 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
ALPHABET = pre_tokenizers.ByteLevel.alphabet()


def byte_level(pre_tokenizer, special: list[str]) -> Backend:
    backend = Backend(models.BPE())
    backend.pre_tokenizer = pre_tokenizer
    backend.decoder = decoders.ByteLevel()
    backend.train_from_iterator(
        CORPUS, trainers.BpeTrainer(vocab_size=330, initial_alphabet=ALPHABET, show_progress=False)
    )
    backend.add_special_tokens(special)
    return backend


def opening(backend: Backend, token: str) -> Backend:
    """Every text begins with this token."""
    backend.post_processor = processors.TemplateProcessing(
        single=f"{token} $A", special_tokens=[(token, backend.token_to_id(token))]
    )
    return backend


def gpt2() -> tuple[Backend, dict]:
    backend = byte_level(pre_tokenizers.ByteLevel(add_prefix_space=False), ["<|endoftext|>"])
    return backend, {"tokenizer_class": "GPT2Tokenizer", "eos_token": "<|endoftext|>", "bos_token": "<|endoftext|>"}


def qwen2() -> tuple[Backend, dict]:
    cut = pre_tokenizers.Split(Regex(QWEN2), "isolated")
    letters = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    backend = byte_level(pre_tokenizers.Sequence([cut, letters]), special)
    backend.normalizer = normalizers.NFC()
    return backend, {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "<|im_end|>"}


def llama3() -> tuple[Backend, dict]:
    cut = pre_tokenizers.Split(Regex(QWEN2.replace(r"|\p{N}|", r"|\p{N}{1,3}|")), "isolated")
    letters = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    special = ["<|begin_of_text|>", "<|end_of_text|>", "<|eot_id|>"]
    backend = opening(byte_level(pre_tokenizers.Sequence([cut, letters]), special), "<|begin_of_text|>")
    return backend, {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "<|eot_id|>"}


def llama2() -> tuple[Backend, dict]:
    """SentencePiece's BPE as it is converted: a mark for spaces, bytes for unknown characters."""
    special = ["<unk>", "<s>", "</s>"]
    backend = Backend(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    backend.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    letters = sorted(set("".join(CORPUS)) - {" "})
    trainer = trainers.BpeTrainer(
        vocab_size=600,
        special_tokens=[*special, *(f"<0x{byte:02X}>" for byte in range(256))],
        initial_alphabet=["▁", *letters],
        show_progress=False,
    )
    backend.train_from_iterator(CORPUS, trainer)
    spec = json.loads(backend.to_str())
    spec["added_tokens"] = [token for token in spec["added_tokens"] if token["content"] in special]
    backend = Backend.from_str(json.dumps(spec))
    backend.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    end = {"__type": "AddedToken", "content": "</s>", "lstrip": False, "normalized": False, "rstrip": False}
    settings = {"bos_token": "<s>", "eos_token": end | {"single_word": False}, "unk_token": "<unk>"}
    return opening(backend, "<s>"), {"tokenizer_class": "PreTrainedTokenizerFast", **settings}


def bert() -> tuple[Backend, dict]:
    marks = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    backend = Backend(models.WordPiece(unk_token="[UNK]"))
    backend.normalizer = normalizers.BertNormalizer(lowercase=True)
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    backend.decoder = decoders.WordPiece()
    backend.train_from_iterator(
        CORPUS, trainers.WordPieceTrainer(vocab_size=200, special_tokens=marks, show_progress=False)
    )
    backend.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return backend, {"tokenizer_class": "PreTrainedTokenizerFast", "pad_token": "[PAD]", "mask_token": "[MASK]"}


MADE = {"gpt2": gpt2, "qwen2": qwen2, "llama3": llama3, "llama2": llama2, "bert": bert}
