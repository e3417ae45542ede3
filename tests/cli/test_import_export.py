"""zaohua import and export, through the command line's own entry."""

import copy
import json
from pathlib import Path

import pytest
import torch

from zaohua.errors import UsageError
from zaohua.language.decoder import Decoder, DecoderConfig
from zaohua.language.finetuning.adapter_folder import save_adapter
from zaohua.language.finetuning.lora import LoRAConfig, attach
from zaohua.language.folder import load_folder, save_folder
from zaohua.language.model import LanguageModel
from zaohua.language.seq2seq.folder import save_seq2seq
from zaohua.language.seq2seq.module import Seq2Seq, Seq2SeqConfig
from zaohua.language.tokenizer import TokenizerConfig
from zaohua.language.tokenizer_training import train


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    """A small model with byte-level BPE, of which GGUF has a form."""
    tokenizer = train(TokenizerConfig(kind="bpe", vocab_size=280), ["Once upon a time there was a cat. 从前有只猫。"])
    shape = {"layers": 1, "width": 32, "heads": 2, "kv_heads": 1, "head_dim": 16, "ffn_width": 32, "context": 32}
    decoder = Decoder(DecoderConfig(vocab_size=tokenizer.vocab_size, tied=True, **shape))
    for seed, parameter in enumerate(decoder.parameters()):
        torch.nn.init.normal_(parameter, std=0.3, generator=torch.Generator().manual_seed(seed))
    folder = tmp_path_factory.mktemp("models") / "cat"
    save_folder(decoder.bfloat16(), tokenizer, folder)
    return folder


def greedy(zaohua, model) -> str:
    result = zaohua("generate", str(model), "Once", "--temperature", "0", "--max-new-tokens", "8")
    assert result.code == 0, result.err
    return result.out


def test_there_and_back(zaohua, model, tmp_path):
    """Folder -> GGUF -> folder: the same text all the way, and the same numbers, which bfloat16 had rounded."""
    expected = greedy(zaohua, model)
    file, folder = tmp_path / "cat.gguf", tmp_path / "back"
    assert zaohua("export", str(model), "--to", "gguf", "--type", "f32", "--out", str(file)).code == 0
    assert greedy(zaohua, file) == expected
    result = zaohua("import", str(file), str(folder))
    assert result.code == 0
    assert f"zaohua generate {folder}" in result.out
    assert greedy(zaohua, folder) == expected
    one, other = load_folder(model)[0], load_folder(folder)[0]
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))


def test_adapters_are_merged(zaohua, model, tmp_path):
    """A folder that has no config.json of its own."""
    decoder, _ = load_folder(model)
    config, adapters = LoRAConfig(rank=2), attach(copy.deepcopy(decoder), LoRAConfig(rank=2), seed=1)
    for layer in adapters.layers.values():
        torch.nn.init.ones_(layer.lora_B)
    save_adapter(adapters.adapter(), config, decoder.config, tmp_path / "adapter", str(model))
    assert zaohua("export", str(tmp_path / "adapter"), "--to", "hf", "--out", str(tmp_path / "out")).code == 0
    assert zaohua("import", str(tmp_path / "adapter"), str(tmp_path / "in")).code == 0
    merged = adapters.adapter().merged(decoder.state_dict())
    for name in ("out", "in"):
        found = load_folder(tmp_path / name)[0].state_dict()
        assert all(torch.allclose(found[key], merged[key], atol=1e-6) for key in merged)


def test_a_writer_of_other_texts_is_copied_whole(zaohua, model, tmp_path):
    shape = {"layers": 1, "encoder_layers": 1, "width": 8, "heads": 1, "head_dim": 8, "ffn_width": 8}
    _, tokenizer = load_folder(model)
    config = Seq2SeqConfig(**shape, vocab_size=tokenizer.vocab_size, context=16)
    save_seq2seq(Seq2Seq(config), tokenizer, tmp_path / "theirs")
    assert zaohua("export", str(tmp_path / "theirs"), "--to", "hf", "--out", str(tmp_path / "ours")).code == 0
    one, other = (tmp_path / name / "model.safetensors" for name in ("theirs", "ours"))
    assert one.read_bytes() == other.read_bytes()
    refused = zaohua("export", str(tmp_path / "theirs"), "--to", "gguf", "--out", str(tmp_path / "x.gguf"))
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    refused = zaohua("generate", str(tmp_path / "ours"), "Once", "--weights", "int8")
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert "weights=int8 does not fit" in refused.err


def test_places_left_out(zaohua, model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    facts = json.loads(zaohua("export", str(model), "--to", "gguf", "--type", "q8_0", "--json").out)
    assert facts["path"] == "models/cat-q8_0.gguf"
    assert facts["parameters"] == sum(p.numel() for p in load_folder(model)[0].parameters())
    assert zaohua("export", str(model), "--to", "hf").code == 0
    assert zaohua("import", "models/cat-q8_0.gguf", "--type", "f16").code == 0
    kept = {path.name: json.loads((path / "config.json").read_text())["dtype"] for path in Path("models").glob("*/")}
    assert kept == {"cat": "bfloat16", "cat-q8_0": "float16"}


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("export", "{model}", "--to", "gguf", "--type", "bf16"), 2, "--type bf16 is none that --to gguf can write"),
        (("export", "{model}", "--to", "hf", "--type", "q8_0"), 2, "those are: f32, bf16, f16"),
        (("export", "{model}", "--to", "gguf", "--out", "{here}/cat.bin"), 2, "does not end in .gguf"),
        (("export", "{model}", "--to", "gguf", "--out", "{here}/taken.gguf"), 2, "is there already.*--replace"),
        (("export", "{letters}", "--to", "gguf", "--out", "{here}/a.gguf"), 1, "no form for this WordLevel tokeniser"),
        (("export", "{model}", "--to", "gguf", "--out", "{here}/taken.gguf/x.gguf"), 1, "cannot save the model"),
        (("export", "{model}"), 2, "--to"),
        (("import", "{here}/taken.gguf", "{here}/x"), 1, "not a GGUF file"),
        (("import", "{model}", "{here}/full"), 2, "is there already.*--replace"),
        (("import", "{here}/nothing"), 1, "does not exist"),
        (("import", "builtin:gpt5"), 2, "no built-in model gpt5; did you mean smollm2"),
        (("import", "{model}", "{here}/x", "--revision", "v1"), 2, "leave revision out"),
    ],
)
def test_what_cannot_be_done(arguments, code, words, zaohua, model, trained, tmp_path):
    import re

    (tmp_path / "taken.gguf").write_text("something else")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "diary.txt").write_text("mine")
    places = {"model": model, "here": tmp_path, "letters": trained}
    result = zaohua(*(argument.format_map(places) for argument in arguments))
    assert (result.code, result.out) == (code, "")
    assert re.search(words, result.err), result.err
    assert result.err.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["full", "taken.gguf"]


def test_replaced_when_said_so(zaohua, model, tmp_path):
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "notes.txt").write_text("")
    assert zaohua("import", str(model), str(tmp_path / "old"), "--replace").code == 0
    assert not (tmp_path / "old" / "notes.txt").exists()


def test_one_call_in_python(model, tmp_path):
    LanguageModel.load(model).save_gguf(tmp_path / "m.gguf")
    assert LanguageModel.load(tmp_path / "m.gguf").name == "m"
    with pytest.raises(UsageError, match=r"int8"):
        LanguageModel.load(model, weights="int8").save_gguf(tmp_path / "other.gguf")


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("verb", ["import", "export"])
def test_help_names_every_option(verb, language, zaohua):
    shown = zaohua(verb, "--help", "--lang", language).out
    for option in ("--type", "--replace", "--json", f"zaohua {verb} "):
        assert option in shown
    assert "models." not in shown.replace("models/", "")
