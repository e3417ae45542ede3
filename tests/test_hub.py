"""Opening models by path, and the package's front door."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import zaohua
from zaohua import hub
from zaohua.errors import UsageError, ZaohuaError
from zaohua.language.decoder import Decoder, DecoderConfig
from zaohua.language.model import LanguageModel
from zaohua.language.tokenizer import Tokenizer, TokenizerConfig
from zaohua.language.tokenizer_training import train


def save(folder: Path, seed: int) -> Path:
    tokenizer: Tokenizer = train(TokenizerConfig(kind="char", vocab_size=40), ["once upon a time"])
    shape = {"layers": 1, "width": 8, "heads": 1, "kv_heads": 1, "head_dim": 8, "ffn_width": 8, "context": 16}
    decoder = Decoder(DecoderConfig(vocab_size=tokenizer.vocab_size, **shape))
    for parameter in decoder.parameters():
        torch.nn.init.normal_(parameter, generator=torch.Generator().manual_seed(seed))
    LanguageModel(decoder.eval(), tokenizer).save(folder)
    return folder


def first_weight(model: LanguageModel) -> float:
    return model.decoder.embed_tokens.weight[0, 0].item()


def test_model_folder_and_run_folder(tmp_path):
    plain = first_weight(zaohua.load(save(tmp_path / "plain", 1)))
    run = tmp_path / "runs" / "mine"
    save(run / "checkpoints" / "step-000010", 2)
    (run / "checkpoints" / "last").symlink_to("step-000010")
    last = zaohua.load(run)
    assert first_weight(last) != plain
    assert last.name == "mine"
    save(run / "checkpoints" / "step-000005", 3)
    (run / "checkpoints" / "best").symlink_to("step-000005")
    best = zaohua.load(str(run))
    assert first_weight(best) not in (plain, first_weight(last))
    assert first_weight(zaohua.load(run / "checkpoints" / "last")) == first_weight(last)
    assert zaohua.load(run / "checkpoints" / "last").name == "mine"


def test_generate_in_one_call(tmp_path):
    folder = save(tmp_path / "m", 1)
    texts = zaohua.generate(str(folder), "once", max_new_tokens=5, n=2)
    assert [text.text for text in texts] == [
        t.text for t in zaohua.load(folder).generate("once", max_new_tokens=5, n=2)
    ]
    assert texts[0].model == "m"


def make(folder: Path, name: str) -> Path:
    path = folder / name
    if name == "a file":
        path.write_text("x")
    elif name != "nothing":
        path.mkdir()
    if name == "unfinished":
        (path / "recipe.toml").write_text("")
    if name == "other":
        (path / "notes.txt").write_text("")
    if name == "foreign":
        (path / "config.json").write_text('{"model_type": "mamba"}')
    return path


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("nothing", "does not exist"),
        ("a file", "is a file"),
        ("empty", "is empty"),
        ("unfinished", "--resume"),
        ("other", "config.json"),
        ("foreign", "mamba.*qwen3"),
    ],
)
def test_refuses_in_one_line(name, expected, tmp_path):
    with pytest.raises(ZaohuaError, match=expected) as caught:
        hub.load(make(tmp_path, name))
    assert "\n" not in str(caught.value)


def test_nul_in_a_path():
    with pytest.raises(UsageError, match="NUL"):
        hub.load("runs/\0/x")


def test_built_in_models_by_name():
    with pytest.raises(UsageError, match=r"no built-in model smolm2; did you mean smollm2"):
        hub.load("builtin:smolm2")


def test_importing_the_package_imports_no_heavy_library():
    code = "import sys, zaohua; print([m for m in ('torch', 'numpy', 'transformers', 'PIL') if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert out.stdout.strip() == "[]"
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        zaohua.nothing  # noqa: B018
