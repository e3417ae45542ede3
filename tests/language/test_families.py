"""Every family against transformers, in both directions: whole, padded, long, and token by token."""

import json
from pathlib import Path

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from zaohua.errors import ZaohuaError
from zaohua.language.decoder import Decoder
from zaohua.language.encoders.encoder import Encoder, EncoderConfig
from zaohua.language.families import FAMILIES
from zaohua.language.folder import load_folder, save_folder

LONG = 600
SHAPE = {
    "hidden_size": 32,
    "intermediate_size": 40,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 1024,
    "vocab_size": 320,
}
LLAMA3 = {
    "rope_type": "llama3",
    "rope_theta": 5e5,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 128,
}
GPT2 = {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 1024, "vocab_size": 320}
DECODERS = {
    "llama": ("Llama", SHAPE),
    "llama, its own head size": ("Llama", SHAPE | {"head_dim": 16, "num_key_value_heads": 4}),
    "llama 3": ("Llama", SHAPE | {"rope_parameters": LLAMA3, "tie_word_embeddings": True}),
    "llama, linear": ("Llama", SHAPE | {"rope_parameters": {"rope_type": "linear", "rope_theta": 1e4, "factor": 4.0}}),
    "llama, biased attention": ("Llama", SHAPE | {"attention_bias": True}),
    "llama, biased": ("Llama", SHAPE | {"attention_bias": True, "mlp_bias": True}),
    "mistral": ("Mistral", SHAPE | {"sliding_window": None}),
    "mistral, window": ("Mistral", SHAPE | {"sliding_window": 24}),
    "qwen2": ("Qwen2", SHAPE | {"tie_word_embeddings": True}),
    "qwen2, window": ("Qwen2", SHAPE | {"use_sliding_window": True, "sliding_window": 24, "max_window_layers": 0}),
    "qwen3": ("Qwen3", SHAPE | {"head_dim": 16}),
    "qwen3, biased attention": ("Qwen3", SHAPE | {"attention_bias": True, "tie_word_embeddings": True}),
    "gpt2": ("GPT2", GPT2),
    "gpt2, untied": ("GPT2", GPT2 | {"tie_word_embeddings": False, "activation_function": "gelu", "n_inner": 40}),
}
BERT = {
    "hidden_size": 32,
    "intermediate_size": 40,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 640,
    "vocab_size": 320,
}
ENCODERS = {
    "masked": ("ForMaskedLM", {}),
    "pretraining": ("ForPreTraining", {}),
    "class": ("ForSequenceClassification", {"id2label": {0: "bad", 1: "so so", 2: "good"}}),
    "none": ("Model", {"type_vocab_size": 3}),
}


def shaken(model: torch.nn.Module) -> torch.nn.Module:
    """Every weight random, none at the zero or one it starts with."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(float(parameter.ndim == 1), 0.15, generator=generator)
    return model.eval()


def theirs(case: str) -> transformers.PreTrainedModel:
    name, options = DECODERS[case]
    config = getattr(transformers, f"{name}Config")(**options)
    kind = "GPT2LMHeadModel" if name == "GPT2" else f"{name}ForCausalLM"
    return shaken(getattr(transformers, kind)(config))


def bert(case: str) -> transformers.PreTrainedModel:
    kind, options = ENCODERS[case]
    return shaken(getattr(transformers, f"Bert{kind}")(transformers.BertConfig(**BERT, **options)))


def opened(model: transformers.PreTrainedModel, tokenizer, folder: Path, **options):
    """Their model, saved and opened here."""
    model.save_pretrained(folder, **options)
    tokenizer.save(folder)
    return load_folder(folder)[0]


def tokens(rows: int, length: int) -> torch.Tensor:
    return torch.randint(0, 300, (rows, length), generator=torch.Generator().manual_seed(rows))


def same(ours: torch.Tensor, expected: torch.Tensor) -> bool:
    return expected.std() > 0.1 and (ours - expected).abs().max() <= 1e-4


@pytest.mark.parametrize("case", DECODERS)
@torch.no_grad()
def test_decoders_agree(case, tokenizer, tmp_path):
    model = theirs(case)
    decoder = opened(model, tokenizer, tmp_path / "theirs")
    assert isinstance(decoder, Decoder)
    assert decoder.config.num_parameters() == sum(p.numel() for p in model.parameters())
    ids, long = tokens(3, 48), tokens(1, LONG)
    expected = model(ids).logits
    assert same(decoder(ids), expected)
    assert same(decoder(long), model(long).logits)
    cache = decoder.new_cache(3, 48)
    pieces = [decoder(piece, cache) for piece in ids.split([30, 1, 1, 7, *[1] * 9], dim=1)]
    assert same(torch.cat(pieces, 1), expected)


@pytest.mark.parametrize("case", DECODERS)
@torch.no_grad()
def test_padding_on_the_left_changes_nothing(case, tokenizer, tmp_path):
    model = theirs(case)
    decoder = opened(model, tokenizer, tmp_path / "theirs")
    ids, padding = tokens(3, 40), torch.tensor([0, 5, 31])
    real = torch.arange(40) >= padding[:, None]
    places = (torch.arange(40) - padding[:, None]).clamp(min=0)
    expected = model(ids, attention_mask=real.long(), position_ids=places).logits
    mask, positions = decoder.left_padded(padding, 40)
    whole = decoder(ids, mask=mask, positions=positions)
    assert same(whole[real], expected[real])
    for row, pad in enumerate(padding.tolist()):
        assert same(whole[row, pad:], decoder(ids[row : row + 1, pad:])[0])
    cache = decoder.new_cache(3, 40)
    for piece in ids.split([34, 1, 1, 3, 1], dim=1):
        mask, positions = decoder.left_padded(padding, piece.shape[1], cache)
        end = cache.length + piece.shape[1]
        part = slice(cache.length, end)
        assert same(decoder(piece, cache, mask, positions=positions)[real[:, part]], expected[:, part][real[:, part]])


@pytest.mark.parametrize("case", DECODERS)
@torch.no_grad()
def test_what_was_loaded_is_saved_as_it_was(case, tokenizer, tmp_path):
    """Equal tensors, and transformers opens them with equal logits."""
    model = theirs(case)
    decoder = opened(model, tokenizer, tmp_path / "theirs")
    save_folder(decoder, tokenizer, tmp_path / "ours", shard_bytes=20_000)
    assert (tmp_path / "ours" / "model.safetensors.index.json").is_file()
    again = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "ours", dtype=torch.float32).eval()
    before, after = model.state_dict(), again.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)
    ids = tokens(1, LONG)
    assert torch.equal(again(ids).logits, model(ids).logits)
    assert load_folder(tmp_path / "ours")[0].config == decoder.config


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("case", ["llama 3", "gpt2, untied"])
def test_all_floats_in_shards(case, dtype, tokenizer, tmp_path):
    model = theirs(case).to(dtype)
    decoder = opened(model, tokenizer, tmp_path / "m", max_shard_size="20KB")
    assert (tmp_path / "m" / "model.safetensors.index.json").is_file()
    assert {parameter.dtype for parameter in decoder.parameters()} == {torch.float32}
    with torch.no_grad():
        assert same(decoder(tokens(2, 20)), model.float()(tokens(2, 20)).logits)


@pytest.mark.parametrize("case", ENCODERS)
@torch.no_grad()
def test_encoders_agree(case, tokenizer, tmp_path):
    model = bert(case)
    encoder = opened(model, tokenizer, tmp_path / "theirs")
    assert isinstance(encoder, Encoder)
    ids, length = tokens(3, LONG), torch.tensor([LONG, 17, 300])
    real = torch.arange(LONG) < length[:, None]
    types = (torch.arange(LONG) > length[:, None] // 2).long()
    there = model(ids, attention_mask=real.long(), token_type_ids=types)
    hidden = encoder.hidden(ids, real, types)
    if case == "none":
        assert same(hidden[real], there.last_hidden_state[real])
        assert same(torch.tanh(encoder.pooler(hidden[:, 0])), there.pooler_output)
    elif case == "class":
        assert encoder.config.labels == ("bad", "so so", "good")
        assert same(encoder.classify(hidden), there.logits)
    else:
        expected = there.prediction_logits if case == "pretraining" else there.logits
        assert same(encoder.guess(hidden)[real], expected[real])

    save_folder(encoder, tokenizer, tmp_path / "ours")
    kind = "ForMaskedLM" if case == "pretraining" else ENCODERS[case][0]
    again = getattr(transformers, f"Bert{kind}").from_pretrained(tmp_path / "ours").eval()
    before, after = model.state_dict(), again.state_dict()
    assert after.keys() <= before.keys()
    assert all(torch.equal(before[name], tensor) for name, tensor in after.items())
    here = again(ids, attention_mask=real.long(), token_type_ids=types)
    if kind != "Model":
        assert torch.equal(here.logits, there.prediction_logits if case == "pretraining" else there.logits)
    assert again.config.id2label == model.config.id2label or case != "class"
    assert load_folder(tmp_path / "ours")[0].config == encoder.config


def rewrite(folder: Path, change) -> None:
    """Change the tensors of a folder as a whole."""
    tensors = change(load_file(folder / "model.safetensors"))
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def edit(folder: Path, drop: tuple[str, ...] = (), **changes) -> None:
    raw = json.loads((folder / "config.json").read_text()) | changes
    (folder / "config.json").write_text(json.dumps({k: v for k, v in raw.items() if k not in drop}))


def test_gpt2_as_it_was_first_published(tokenizer, tmp_path):
    """Without the prefix, with the causal masks, the head's matrix not saved, the context under its older name."""
    expected = opened(theirs("gpt2"), tokenizer, tmp_path / "m")

    def first(tensors):
        plain = {name.removeprefix("transformer."): tensor for name, tensor in tensors.items()}
        masks = {f"h.{n}.attn.bias": torch.ones(1, 1, 64, 64).tril() for n in range(2)}
        return plain | masks | {"h.0.attn.masked_bias": torch.tensor(-1e4)}

    rewrite(tmp_path / "m", first)
    edit(tmp_path / "m", drop=("tie_word_embeddings", "n_positions"), n_ctx=1024)
    found = load_folder(tmp_path / "m")[0]
    assert all(torch.equal(a, b) for a, b in zip(expected.parameters(), found.parameters(), strict=True))


def test_bert_as_it_was_first_published(tokenizer, tmp_path):
    """Gains and shifts under their TensorFlow names, a table of positions, the pooler beside a masked head."""
    expected = opened(bert("pretraining"), tokenizer, tmp_path / "m")

    def first(tensors):
        old = {
            name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): tensor
            for name, tensor in tensors.items()
        }
        table = tensors["bert.embeddings.word_embeddings.weight"].clone()
        places = torch.arange(640.0)[None]
        return old | {"cls.predictions.decoder.weight": table, "bert.embeddings.position_ids": places}

    rewrite(tmp_path / "m", first)
    assert expected.config.pooler
    found = load_folder(tmp_path / "m")[0]
    assert all(torch.equal(a, b) for a, b in zip(expected.parameters(), found.parameters(), strict=True))


def test_older_descriptions_of_rotary_positions(tokenizer, tmp_path):
    expected = opened(theirs("llama 3"), tokenizer, tmp_path / "m")
    old = {key: value for key, value in LLAMA3.items() if key != "rope_theta"}
    edit(tmp_path / "m", drop=("rope_parameters",), rope_theta=5e5, rope_scaling=old)
    rewrite(tmp_path / "m", lambda found: found | {"model.layers.0.self_attn.rotary_emb.inv_freq": torch.ones(4)})
    assert load_folder(tmp_path / "m")[0].config == expected.config


@pytest.mark.parametrize("case", ["mistral, window", "qwen2, window"])
def test_a_window_that_is_not_named(case, tokenizer, tmp_path):
    """transformers then takes 4096 positions; null means none."""
    opened(theirs(case), tokenizer, tmp_path / "m")
    edit(tmp_path / "m", drop=("sliding_window",))
    there = transformers.AutoConfig.from_pretrained(tmp_path / "m").sliding_window
    assert load_folder(tmp_path / "m")[0].config.window == there == 4096
    edit(tmp_path / "m", sliding_window=None)
    assert load_folder(tmp_path / "m")[0].config.window is None


REFUSED = {
    "yarn": ("llama", {"rope_parameters": {"rope_type": "yarn", "factor": 4.0}}, "rope_type = yarn"),
    "no factor": ("llama", {"rope_parameters": {"rope_type": "linear"}}, "lacks factor, a positive number"),
    "half a head": ("llama", {"rope_parameters": {"partial_rotary_factor": 0.5}}, "partial_rotary_factor = 0.5"),
    "bands": ("llama 3", {"rope_parameters": LLAMA3 | {"high_freq_factor": 1.0}}, "high_freq_factor"),
    "gelu": ("llama", {"hidden_act": "gelu"}, "hidden_act = gelu"),
    "biased feed-forward": ("llama", {"mlp_bias": True}, "mlp_bias"),
    "mixed layers": ("qwen2", {"layer_types": ["full_attention", "sliding_attention"]}, "layer_types"),
    "some slide": ("qwen2", {"layer_types": None, "use_sliding_window": True, "max_window_layers": 1}, "max_window"),
    "relu": ("gpt2", {"activation_function": "relu"}, "activation_function = relu"),
    "scaled by layer": ("gpt2", {"scale_attn_by_inverse_layer_idx": True}, "scale_attn_by_inverse_layer_idx"),
    "heads": ("gpt2", {"n_head": 5}, "a divisor of n_embd = 32"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refuses_what_our_blocks_have_no_part_for(case, tokenizer, tmp_path):
    base, changes, words = REFUSED[case]
    opened(theirs(base), tokenizer, tmp_path / "m")
    edit(tmp_path / "m", **changes)
    with pytest.raises(ZaohuaError, match=words) as caught:
        load_folder(tmp_path / "m")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"hidden_act": "relu"}, "hidden_act = relu"),
        ({"position_embedding_type": "relative_key"}, "position_embedding_type"),
        ({"architectures": ["BertForQuestionAnswering"]}, "architectures = BertForQuestionAnswering"),
        ({"id2label": {"0": "a", "2": "b"}}, "id2label"),
        ({"id2label": {"0": "a"}}, "shape"),
        ({"num_attention_heads": 7}, "a divisor of hidden_size = 32"),
    ],
)
def test_refuses_such_encoders(changes, words, tokenizer, tmp_path):
    opened(bert("class"), tokenizer, tmp_path / "m")
    edit(tmp_path / "m", **changes)
    with pytest.raises(ZaohuaError, match=words):
        load_folder(tmp_path / "m")


def test_a_shape_of_no_family_is_not_saved(tokenizer, tmp_path):
    shape = {"layers": 1, "width": 8, "heads": 1, "kv_heads": 1, "head_dim": 8, "ffn_width": 8}
    encoder = Encoder(EncoderConfig(**shape, vocab_size=300, context=8, positions="rotary"))
    with pytest.raises(ZaohuaError, match=r"no published form.*llama.*bert"):
        save_folder(encoder, tokenizer, tmp_path / "m")
    assert not (tmp_path / "m").exists()


def test_every_kind_is_opened_by_the_hub():
    from zaohua import hub

    assert set(hub.LOADERS) >= {*FAMILIES, hub.GGUF}
