"""Model folders: parity with transformers in both directions, and one line for everything that is not one."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer, Qwen3Config, Qwen3ForCausalLM

from zaohua.errors import ZaohuaError
from zaohua.language.decoder import DecoderConfig
from zaohua.language.encoders.encoder import EncoderConfig
from zaohua.language.families import family_for, gpt2
from zaohua.language.families.base import SpecialIds
from zaohua.language.families.llama import from_json
from zaohua.language.folder import load_folder, save_folder, stop_ids
from zaohua.nn.rotary import RopeScaling

SHAPES = [
    {},
    {"tied": True},
    {"kv_heads": 1, "tied": True, "rope_theta": 1e6, "norm_eps": 1e-5},
    {"kv_heads": 4, "head_dim": 16, "layers": 3, "ffn_width": 20},
]


def logits_there(folder: Path, ids: torch.Tensor, **options) -> torch.Tensor:
    with torch.no_grad():
        return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()(ids, **options).logits


def edit(path: Path, **changes) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_transformers_gives_the_same_logits(shape, make_decoder, tokenizer, tmp_path):
    decoder = make_decoder(**shape)
    save_folder(decoder, tokenizer, tmp_path / "m")
    ids = torch.randint(0, tokenizer.vocab_size, (3, 64), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        ours = decoder(ids)
    assert ours.std() > 0.1
    assert (ours - logits_there(tmp_path / "m", ids)).abs().max() <= 1e-5
    loaded, _ = load_folder(tmp_path / "m")
    with torch.no_grad():
        assert torch.equal(loaded(ids), ours)
    assert loaded.config == decoder.config
    assert (loaded.lm_head.weight is loaded.embed_tokens.weight) == decoder.config.tied
    assert all(p.requires_grad for p in loaded.parameters())


def test_left_padded_batch_through_mask(make_decoder, tokenizer, tmp_path):
    """Rows of different length, padded on the left as generation with transformers does."""
    decoder, pad = make_decoder(), 5
    save_folder(decoder, tokenizer, tmp_path / "m")
    ids = torch.randint(0, 200, (2, 20), generator=torch.Generator().manual_seed(2))
    real = torch.ones(2, 20, dtype=torch.bool)
    real[1, :pad] = False
    causal = torch.ones(20, 20, dtype=torch.bool).tril()
    with torch.no_grad():
        ours = decoder(ids, mask=(causal & real[:, None, :] | torch.eye(20, dtype=torch.bool))[:, None])
        alone = decoder(ids[1:, pad:])
    assert (ours[1, pad:] - alone[0]).abs().max() <= 1e-5
    there = logits_there(tmp_path / "m", ids, attention_mask=real.long())
    assert (ours - there)[real].abs().max() <= 1e-5


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_loads_what_transformers_saved_in_shards(tied, dtype, tokenizer, tmp_path):
    config = Qwen3Config(
        vocab_size=tokenizer.vocab_size + 20,  # padded to a round size, as published models are
        hidden_size=32,
        intermediate_size=40,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=16,
        tie_word_embeddings=tied,
        rope_parameters={"rope_type": "default", "rope_theta": 5e5},
    )
    torch.manual_seed(0)
    Qwen3ForCausalLM(config).to(dtype).save_pretrained(tmp_path / "m", max_shard_size="20KB")
    tokenizer.save(tmp_path / "m")
    assert (tmp_path / "m" / "model.safetensors.index.json").exists()
    decoder, _ = load_folder(tmp_path / "m")
    assert {p.dtype for p in decoder.parameters()} == {torch.float32}
    ids = torch.arange(30)[None]
    with torch.no_grad():
        assert (decoder(ids) - logits_there(tmp_path / "m", ids)).abs().max() <= 1e-5


def test_old_rope_form(folder):
    raw = json.loads((folder / "config.json").read_text())
    del raw["rope_parameters"]
    raw["rope_theta"] = 123456
    assert from_json(raw, folder).rope_theta == 123456


def test_same_ids_from_auto_tokenizer(folder, tokenizer):
    there = AutoTokenizer.from_pretrained(folder)
    for text in ("Once upon a time", " 从前有座山\n\n", "mixed 中文, naïve café 🙂", ""):
        assert there(text, add_special_tokens=False)["input_ids"] == tokenizer.encode(text)
    assert there.eos_token_id == tokenizer.eot_id
    assert load_folder(folder)[1].encode("山上") == tokenizer.encode("山上")


def test_all_files_can_be_read_by_the_same_people(folder):
    assert len({path.stat().st_mode for path in folder.iterdir()}) == 1


def test_saves_the_state_it_is_given(make_decoder, tokenizer, tmp_path):
    other = make_decoder(seed=1, tied=True)
    with torch.device("meta"):
        blank = type(other)(other.config)
    save_folder(blank, tokenizer, tmp_path / "m", state=other.state_dict())
    loaded, _ = load_folder(tmp_path / "m")
    for name, tensor in other.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor)
    assert "lm_head.weight" not in load_file(tmp_path / "m" / "model.safetensors")


def test_replaces_a_folder_whole_or_leaves_it(folder, make_decoder, tokenizer, monkeypatch):
    save_folder(make_decoder(seed=3), tokenizer, folder)
    assert not (folder / "README.md").exists()
    before = (folder / "model.safetensors").read_bytes()

    def no_space(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("zaohua.model_folder.tensors.save_file", no_space)
    with pytest.raises(ZaohuaError, match="No space left"):
        save_folder(make_decoder(seed=4), tokenizer, folder)
    assert (folder / "model.safetensors").read_bytes() == before
    assert [path.name for path in folder.parent.iterdir()] == ["model"]


def test_stop_ids(folder, tokenizer):
    assert stop_ids(folder, tokenizer) == {tokenizer.eot_id}
    edit(folder / "generation_config.json", eos_token_id=[3, 7, 10**6, "x"])
    assert stop_ids(folder, tokenizer) == {3, 7}


def resave(folder: Path, change) -> None:
    tensors = load_file(folder / "model.safetensors")
    change(tensors)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def truncate(folder: Path) -> None:
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])


def pickled(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def index(folder: Path, name: str) -> None:
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": name}}))


def poison(tensors) -> None:
    tensors["model.norm.weight"][3] = float("nan")


BROKEN = {
    "no config": (lambda f: (f / "config.json").unlink(), "config.json"),
    "config is no JSON": (lambda f: (f / "config.json").write_text("{"), "cannot be read"),
    "config is a list": (lambda f: (f / "config.json").write_text("[]"), "it holds list, not an object"),
    "config is deep": (lambda f: (f / "config.json").write_text("[" * 10**5), "cannot be read"),
    "foreign": (lambda f: edit(f / "config.json", model_type="gpt_neox"), "gpt_neox.*llama.*qwen3.*gpt2.*bert"),
    "remote code": (lambda f: edit(f / "config.json", auto_map={"AutoModel": "x.Y"}), "never runs"),
    "packed": (lambda f: edit(f / "config.json", quantization_config={"quant_method": "gptq"}), "config = gptq, which"),
    "rope scaling": (lambda f: edit(f / "config.json", rope_parameters={"rope_type": "yarn"}), "rope_type = yarn"),
    "sliding": (lambda f: edit(f / "config.json", layer_types=["sliding_attention"]), "layer_types"),
    "bias": (lambda f: edit(f / "config.json", attention_bias=True), "lacks 8 weights"),
    "bias is a word": (lambda f: edit(f / "config.json", attention_bias="no"), "attention_bias = no must be true or"),
    "more than there is": (lambda f: edit(f / "config.json", vocab_size=10**6), "describes a model of .* hold only"),
    "thousands of layers": (lambda f: edit(f / "config.json", num_hidden_layers=9999), "hold only"),
    "huge": (lambda f: edit(f / "config.json", hidden_size=10**30), "hidden_size"),
    "negative": (lambda f: edit(f / "config.json", num_hidden_layers=-1), "num_hidden_layers"),
    "text number": (lambda f: edit(f / "config.json", vocab_size="300"), "vocab_size"),
    "odd heads": (lambda f: edit(f / "config.json", num_key_value_heads=3), "num_key_value_heads"),
    "odd head_dim": (lambda f: edit(f / "config.json", head_dim=7), "head_dim"),
    "shape": (lambda f: edit(f / "config.json", hidden_size=48), "shape"),
    "too many layers": (lambda f: edit(f / "config.json", num_hidden_layers=3), "lacks 11 weights"),
    "too few layers": (lambda f: edit(f / "config.json", num_hidden_layers=1), "holds 11 weights"),
    "truncated": (truncate, "truncated"),
    "empty file": (lambda f: (f / "model.safetensors").write_bytes(b""), "truncated"),
    "no weights": (lambda f: (f / "model.safetensors").unlink(), "no model.safetensors"),
    "pickle": (pickled, "pytorch_model.bin"),
    "quantised": (lambda f: resave(f, lambda x: x.update({"model.norm.weight": torch.zeros(32).char()})), "I8"),
    "float8": (
        lambda f: resave(f, lambda x: x.update({"model.norm.weight": torch.ones(32).to(torch.float8_e4m3fn)})),
        "model.norm.weight = F8_E4M3, which zaohua does not support",
    ),
    "nan": (lambda f: resave(f, poison), "model.norm.weight"),
    "index outside": (lambda f: index(f, "../model/model.safetensors"), "truncated or damaged"),
    "index gone": (lambda f: index(f, "x.safetensors"), "x.safetensors"),
    "no tokeniser": (lambda f: (f / "tokenizer.json").unlink(), "tokenizer.json"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_refuses_in_one_line(case, folder):
    damage, expected = BROKEN[case]
    damage(folder)
    with pytest.raises(ZaohuaError, match=expected) as caught:
        load_folder(folder)
    assert "\n" not in str(caught.value)


def test_refuses_a_tokeniser_of_another_model(make_decoder, tokenizer, tmp_path):
    save_folder(make_decoder(vocab_size=tokenizer.vocab_size - 1), tokenizer, tmp_path / "m")
    with pytest.raises(ZaohuaError, match="300 tokens"):
        load_folder(tmp_path / "m")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


def described() -> list:
    """A family and a config.json of it, for each of its kinds."""
    shape = {"layers": 1, "width": 8, "heads": 2, "kv_heads": 2, "head_dim": 4, "ffn_width": 8}
    sizes = {"vocab_size": 9, "context": 8}
    kinds = [
        DecoderConfig(**shape, **sizes),
        DecoderConfig(**shape, **sizes, qk_norm=False, rope_scaling=RopeScaling(kind="llama3", factor=8.0)),
        DecoderConfig(**shape, **sizes, qk_norm=False, bias="qkv"),
        DecoderConfig(**shape, **sizes, qk_norm=False, window=4),
        gpt2.decoder_config(layers=1, width=8, heads=2, ffn_width=8, mlp="gelu_tanh", **sizes),
        EncoderConfig(**shape, **sizes),
        EncoderConfig(**shape, **sizes, head="class", pooler=True, labels=("a", "b")),
    ]
    families = [(family_for(config), config) for config in kinds]
    return [(family, family.to_json(config, SpecialIds(), "float32")) for family, config in families]


DESCRIBED = described()


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_any_config_opens_or_is_refused(data):
    """Whatever stands in config.json, the outcome is a configuration or a ZaohuaError."""
    family, raw = data.draw(st.sampled_from(DESCRIBED))
    keys = data.draw(st.lists(st.sampled_from(sorted(raw)), min_size=1, max_size=4))
    raw = raw | {key: data.draw(VALUES) for key in keys} | {"model_type": raw["model_type"]}
    try:
        config = family.from_json(raw, Path("config.json"))
    except ZaohuaError as error:
        message = str(error)
    else:
        message = repr(config)
        assert config.heads % config.kv_heads == 0
        assert config.num_parameters() > 0
    assert len(message.splitlines()) == 1


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_config_beside_real_weights(folder, data):
    """The same with the folder's weights: nothing is built that they cannot fill."""
    raw = json.loads((folder / "config.json").read_text())
    keys = data.draw(st.lists(st.sampled_from(sorted(raw)), min_size=1, max_size=3))
    changed = raw | {key: data.draw(VALUES | st.integers(1, 10**6)) for key in keys}
    (folder / "config.json").write_text(json.dumps(changed))
    try:
        load_folder(folder)
    except ZaohuaError as error:
        assert len(str(error).splitlines()) == 1  # noqa: PT017  (either outcome is right)
    finally:
        (folder / "config.json").write_text(json.dumps(raw))


def test_a_copied_folder_is_the_model(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "copy")
    one, _ = load_folder(folder)
    other, _ = load_folder(tmp_path / "copy")
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))
