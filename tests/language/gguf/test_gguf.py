"""GGUF files: ours read back, those of the library's writer, transformers on ours, and damage of every kind."""

import struct
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, GGUFReader, GGUFWriter
from gguf.quants import dequantize, quantize
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zaohua.errors import ZaohuaError
from zaohua.language.gguf.header import read_header
from zaohua.language.gguf.names import turn, turn_back
from zaohua.language.gguf.read import load_gguf
from zaohua.language.gguf.write import write_gguf
from zaohua.nn.rotary import RopeScaling

GPT2 = {"norm": "layer", "positions": "learned", "mlp": "gelu_tanh", "bias": "all", "qk_norm": False, "kv_heads": 4}
LLAMA3 = RopeScaling(kind="llama3", factor=8.0)
SHAPES = {
    "qwen3": {"head_dim": 128},
    "qwen2": {"qk_norm": False, "bias": "qkv", "tied": True},
    "llama": {"qk_norm": False, "norm_eps": 1e-5, "rope_theta": 1e5},
    "llama 3": {"qk_norm": False, "rope_theta": 5e5, "rope_scaling": LLAMA3, "tied": True, "head_dim": 64},
    "llama, linear": {"qk_norm": False, "rope_scaling": RopeScaling(kind="linear", factor=4.0)},
    "llama, biased": {"qk_norm": False, "bias": "all"},
    "llama, biased attention": {"qk_norm": False, "bias": "attention"},
    "gpt2": GPT2 | {"context": 1024, "ffn_width": 128, "tied": True},
}


def ids(length: int = 40) -> torch.Tensor:
    return torch.randint(0, 300, (2, length), generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("shape", SHAPES)
@torch.no_grad()
def test_what_is_written_is_read_back(shape, make_decoder, tokenizer, tmp_path):
    decoder = make_decoder(**SHAPES[shape])
    for numbers, kept in (("f32", lambda x: x), ("f16", lambda x: x.half().float()), ("q8_0", eight_bits)):
        write_gguf(decoder, tokenizer, tmp_path / "m.gguf", numbers, ends=frozenset({3, tokenizer.eot_id}))
        found, same, ends = load_gguf(tmp_path / "m.gguf")
        assert found.config == decoder.config
        assert ends == {3, tokenizer.eot_id}
        assert same.encode("Once 山\n 12") == tokenizer.encode("Once 山\n 12")
        for name, tensor in decoder.state_dict().items():
            plain = tensor.ndim == 1 or name == "embed_positions.weight"
            assert torch.equal(found.state_dict()[name], tensor if plain else kept(tensor)), (numbers, name)
        if numbers == "f32":
            assert torch.equal(found(ids()), decoder(ids()))
    assert [path.name for path in tmp_path.iterdir()] == ["m.gguf"]


def eight_bits(tensor: torch.Tensor) -> torch.Tensor:
    """Blocks of 32 along a row share a scale; rows that they do not fill are halves."""
    if tensor.shape[1] % 32:
        return tensor.half().float()
    kind = GGMLQuantizationType.Q8_0
    return torch.from_numpy(dequantize(quantize(tensor.numpy(), kind), kind))


@pytest.mark.parametrize("shape", ["qwen3", "qwen2", "llama", "gpt2"])
@torch.no_grad()
def test_transformers_reads_ours(shape, make_decoder, tokenizer, tmp_path):
    decoder = make_decoder(**SHAPES[shape])
    write_gguf(decoder, tokenizer, tmp_path / "m.gguf", "f32")
    theirs = transformers.AutoModelForCausalLM.from_pretrained(tmp_path, gguf_file="m.gguf").eval()
    expected = theirs(ids()).logits
    assert expected.std() > 0.1
    assert (decoder(ids()) - expected).abs().max() <= 1e-4


def test_rotary_pairs_are_turned_as_in_the_first_llama():
    """Row r of half h of a head becomes row 2r + h."""
    rows = torch.arange(12.0)[:, None]
    expected = [head * 6 + half * 3 + row for head in (0, 1) for row in (0, 1, 2) for half in (0, 1)]
    assert turn(rows, 2).flatten().tolist() == expected
    assert torch.equal(turn_back(turn(rows, 2), 2), rows)


KINDS = ["F32", "F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "IQ4_NL"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_numbers(kind, tmp_path):
    """A file by the library's writer: bytes at random, all of them finite, dequantised as by its own reader."""
    found = GGMLQuantizationType[kind]
    block, size = GGML_QUANT_SIZES[found]
    raw = np.random.default_rng(0).integers(0, 0x3C, (3, 512 // block * size), dtype=np.uint8)
    writer = GGUFWriter(tmp_path / "m.gguf", "llama")
    writer.add_tensor("before", np.ones(5, np.float32))
    writer.add_tensor("blocks", raw, raw_dtype=found)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    tensor = read_header(tmp_path / "m.gguf").tensors["blocks"]
    expected = next(t for t in GGUFReader(tmp_path / "m.gguf").tensors if t.name == "blocks")
    assert tensor.shape == (3, 512)
    numbers = dequantize(expected.data, found)
    assert np.isfinite(numbers).all()
    assert np.array_equal(tensor.read().numpy(), numbers)


def test_a_model_in_several_files(make_decoder, tokenizer, tmp_path):
    """Split as llama.cpp does it, by the library's writer."""
    decoder = make_decoder(**SHAPES["qwen2"])
    write_gguf(decoder, tokenizer, tmp_path / "whole.gguf", "f32")
    whole = GGUFReader(tmp_path / "whole.gguf")
    writer = GGUFWriter(tmp_path / "m.gguf", "qwen2", split_max_tensors=10)
    for key, field in whole.fields.items():
        if not key.startswith("GGUF.") and key != "general.architecture":
            kind, inner = field.types[0], field.types[-1] if len(field.types) > 1 else None
            writer.add_key_value(key, field.contents(), kind, inner)
    for tensor in whole.tensors:
        writer.add_tensor(tensor.name, tensor.data)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    first, second, *_ = sorted(tmp_path.glob("m-*.gguf"))
    found, _, _ = load_gguf(first)
    with torch.no_grad():
        assert torch.equal(found(ids()), decoder(ids()))
    with pytest.raises(ZaohuaError, match=r"name the first"):
        load_gguf(second)
    second.unlink()
    with pytest.raises(ZaohuaError, match=r"m-00002-of-\d+.gguf, a part of this model, is missing"):
        load_gguf(first)


@pytest.fixture(scope="module")
def written(tmp_path_factory, make_decoder, tokenizer) -> Path:
    path = tmp_path_factory.mktemp("gguf") / "m.gguf"
    write_gguf(make_decoder(**SHAPES["llama"]), tokenizer, path, "f16")
    return path


def add_to(path: Path, **values) -> None:
    """Write metadata over those of the same length, or refuse."""
    content = path.read_bytes()
    for key, (old, new) in values.items():
        name = key.replace("__", ".").encode()
        before = struct.pack("<Q", len(name)) + name
        assert content.count(before + old) == 1
        assert len(old) == len(new)
        content = content.replace(before + old, before + new)
    path.write_bytes(content)


def text(value: str) -> bytes:
    return struct.pack("<IQ", 8, len(value)) + value.encode()


def whole(value: int) -> bytes:
    return struct.pack("<II", 4, value)


BROKEN = {
    "empty": (lambda p: p.write_bytes(b""), "not a GGUF file"),
    "another format": (lambda p: p.write_bytes(b"PK\3\4" + bytes(100)), "not a GGUF file"),
    "magic alone": (lambda p: p.write_bytes(b"GGUF"), "truncated or damaged"),
    "version": (lambda p: p.write_bytes(b"GGUF\1" + p.read_bytes()[5:]), "version 1"),
    "half": (lambda p: p.write_bytes(p.read_bytes()[: p.stat().st_size // 2]), "truncated or damaged"),
    "last byte": (lambda p: p.write_bytes(p.read_bytes()[:-33]), "beyond the end of the file"),
    "architecture": (lambda p: add_to(p, general__architecture=(text("llama"), text("mamba"))), "mamba.*llama, qwen2"),
    "tokeniser": (lambda p: add_to(p, tokenizer__ggml__model=(text("gpt2"), text("rwkv"))), "rwkv"),
    "pre-tokeniser": (lambda p: add_to(p, tokenizer__ggml__pre=(text("qwen2"), text("bloom"))), "pre = bloom"),
    "more layers": (lambda p: add_to(p, llama__block_count=(whole(2), whole(3))), "lacks 9 weights.*blk.2"),
    "fewer layers": (lambda p: add_to(p, llama__block_count=(whole(2), whole(1))), "holds 9 weights.*blk.1"),
    "many layers": (lambda p: add_to(p, llama__block_count=(whole(2), whole(9999))), "hold only"),
    "no heads": (lambda p: add_to(p, llama__attention__head_count=(whole(4), whole(0))), "head_count = 0 must be"),
    "wide": (lambda p: add_to(p, llama__embedding_length=(whole(32), whole(999_000))), "hold only"),
    "part of a head": (lambda p: add_to(p, llama__rope__dimension_count=(whole(8), whole(4))), "dimension_count = 4"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_refuses_in_one_line(case, written, tmp_path):
    damage, words = BROKEN[case]
    path = tmp_path / "m.gguf"
    path.write_bytes(written.read_bytes())
    damage(path)
    with pytest.raises(ZaohuaError, match=words) as caught:
        load_gguf(path)
    assert "\n" not in str(caught.value)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_damage_is_refused_or_harmless(written, tmp_path, data):
    """Bytes changed anywhere, most often in the header, and the end cut off: a model or a ZaohuaError, quickly."""
    content = bytearray(written.read_bytes())
    places = st.integers(0, 2_000) | st.integers(0, len(content) - 1)
    values = st.sampled_from([0, 1, 2, 4, 8, 9, 127, 128, 255]) | st.integers(0, 255)
    for place, value in data.draw(st.lists(st.tuples(places, values), max_size=6)):
        content[place] = value
    content = content[: data.draw(st.integers(0, len(content)) | st.just(len(content)))]
    path = tmp_path / "m.gguf"
    path.write_bytes(content)
    try:
        load_gguf(path)
    except ZaohuaError as error:
        assert len(str(error).splitlines()) == 1  # noqa: PT017  (either outcome is right)


def test_not_a_number_is_refused(make_decoder, tokenizer, tmp_path):
    decoder = make_decoder(**SHAPES["llama"])
    decoder.transformer.norm.weight.data[3] = float("inf")
    write_gguf(decoder, tokenizer, tmp_path / "m.gguf", "f32")
    with pytest.raises(ZaohuaError, match=r"output_norm.weight holds NaN"):
        load_gguf(tmp_path / "m.gguf")
    decoder.embed_tokens.weight.data[0, 0] = 1e5
    with pytest.raises(ZaohuaError, match=r"token_embd.weight overflow"):
        write_gguf(decoder, tokenizer, tmp_path / "other.gguf", "f16")
    assert not (tmp_path / "other.gguf").exists()


@pytest.mark.parametrize(
    "shape",
    [{"qk_norm": False, "window": 8}, {"bias": "attention"}, {"rope_scaling": LLAMA3}, GPT2 | {"mlp": "gelu"}],
    ids=str,
)
def test_shapes_that_llama_cpp_has_not(shape, make_decoder, tokenizer, tmp_path):
    with pytest.raises(ZaohuaError, match=r"no form for a model of this shape"):
        write_gguf(make_decoder(**shape), tokenizer, tmp_path / "m.gguf")
    assert not (tmp_path / "m.gguf").exists()


def test_a_full_disk_leaves_what_was_there(make_decoder, tokenizer, tmp_path, monkeypatch):
    (tmp_path / "m.gguf").write_bytes(b"older")

    def no_space(*_arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("zaohua.language.gguf.write.GGUFWriter.write_tensor_data", no_space)
    with pytest.raises(ZaohuaError, match=r"No space left"):
        write_gguf(make_decoder(), tokenizer, tmp_path / "m.gguf")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("m.gguf", b"older")]
