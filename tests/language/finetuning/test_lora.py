"""Low-rank adapters: the formula, what they leave alone, and `peft`'s folders in both directions."""

import copy
import json

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file as load
from safetensors.torch import save_file
from torch import nn

from zaohua.errors import UsageError, ZaohuaError
from zaohua.language.finetuning.adapter_folder import CONFIG, WEIGHTS, load_adapter, save_adapter
from zaohua.language.finetuning.lora import Adapter, LoRAConfig, _Frozen, _LoRA, attach, merge
from zaohua.language.folder import save_folder
from zaohua.nn.onednn import OneDNN

LLAMA = {"qk_norm": False, "tied": True}
GPT2 = {
    "norm": "layer",
    "positions": "learned",
    "mlp": "gelu_tanh",
    "bias": "all",
    "qk_norm": False,
    "kv_heads": 4,
    "tied": True,
}
IDS = torch.randint(0, 280, (2, 12), generator=torch.Generator().manual_seed(0))


def filled(decoder, config: LoRAConfig):
    """Adapters that have learnt something."""
    adapters = attach(decoder, config, seed=1)
    generator = torch.Generator().manual_seed(2)
    for layer in adapters.layers.values():
        nn.init.normal_(layer.lora_B, std=0.3, generator=generator)
    return adapters


def test_a_linear_module_with_an_adapter_is_the_formula(make_decoder):
    decoder = make_decoder()
    plain = copy.deepcopy(decoder.transformer.layers[0].mlp.up_proj)
    filled(decoder, LoRAConfig(rank=4, alpha=6, targets=["up_proj"]))
    layer = decoder.transformer.layers[0].mlp.up_proj
    x = torch.randn(2, 5, 32, generator=torch.Generator().manual_seed(0))
    for row in range(2):
        for time in range(5):
            wanted = plain.weight @ x[row, time] + 6 / 4 * layer.lora_B @ (layer.lora_A @ x[row, time])
            assert torch.allclose(layer(x)[row, time], wanted, atol=1e-5)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("drops", [True, False])
def test_the_gradients_are_those_of_finite_differences(bias, drops):
    generator = torch.Generator().manual_seed(0)

    def draw(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    x, a, b, weight = (
        draw(2, 3, 5).requires_grad_(),
        draw(2, 5).requires_grad_(),
        draw(4, 2).requires_grad_(),
        draw(4, 5),
    )
    keep = (draw(2, 3, 5) > 0).double() if drops else None
    offset = draw(4) if bias else None

    def apply(x, a, b):
        return _LoRA.apply(x, None if keep is None else x * keep, _Frozen(weight, offset), a, b, 1.5)

    assert torch.autograd.gradcheck(apply, (x, a, b))
    dropped = x if keep is None else x * keep
    assert torch.allclose(apply(x, a, b), F.linear(x, weight, offset) + 1.5 * dropped @ a.T @ b.T)


@pytest.mark.parametrize("bias", [False, True])
def test_a_packed_matrix_gives_the_same_gradients(bias):
    """In fp32 on a CPU the frozen products go through oneDNN, both ways."""
    generator = torch.Generator().manual_seed(0)

    def draw(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator)

    x, a, b, weight = draw(2, 9, 40), draw(3, 40), draw(24, 3), draw(24, 40)
    offset, sent = (draw(24) if bias else None), draw(2, 9, 24)

    def gradients(dtype: torch.dtype) -> list[torch.Tensor]:
        leaves = [tensor.to(dtype, copy=True).requires_grad_() for tensor in (x, a, b)]
        frozen = _Frozen(weight.to(dtype), None if offset is None else offset.to(dtype))
        y = _LoRA.apply(leaves[0], None, frozen, leaves[1], leaves[2], 1.5)
        y.backward(sent.to(dtype))
        assert (frozen._forward is not None) == (dtype == torch.float32 and OneDNN.serves(weight))
        return [y, *(leaf.grad for leaf in leaves)]

    for single, double in zip(gradients(torch.float32), gradients(torch.float64), strict=True):
        torch.testing.assert_close(single, double.float(), rtol=1e-4, atol=1e-4)


def test_adapters_begin_as_nothing_and_can_be_switched_off(make_decoder):
    decoder = make_decoder()
    before = decoder(IDS)
    adapters = attach(decoder, LoRAConfig(targets="all"), seed=1)
    assert torch.equal(decoder(IDS), before)
    for layer in adapters.layers.values():
        nn.init.normal_(layer.lora_B)
    assert not torch.allclose(decoder(IDS), before, atol=0.1)
    with adapters.off():
        assert torch.equal(decoder(IDS), before)
    assert not torch.allclose(decoder(IDS), before, atol=0.1)


def test_the_adapters_alone_learn_and_are_saved(make_decoder):
    decoder = make_decoder(tied=True)
    frozen = {name: tensor.clone() for name, tensor in decoder.state_dict().items()}
    attach(decoder, LoRAConfig(rank=3, targets=["q_proj", r"1\.mlp\.up"]), seed=1)
    names = {f"{name}.lora_{which}" for name in LAYERS for which in "AB"}
    assert set(decoder.state_dict()) == {name for name, _ in decoder.named_parameters()} == names
    optimiser = torch.optim.SGD(decoder.parameters(), lr=1.0)
    for _ in range(2):
        decoder.loss(IDS[:, :-1], IDS[:, 1:]).backward()
        optimiser.step()
    assert all(parameter.grad.abs().sum() > 0 for parameter in decoder.parameters())
    assert torch.equal(decoder.embed_tokens.weight, frozen["embed_tokens.weight"])
    assert decoder.lm_head.weight.data_ptr() == decoder.embed_tokens.weight.data_ptr()
    assert torch.equal(decoder.get_submodule(LAYERS[0]).linear.weight, frozen[f"{LAYERS[0]}.weight"])


LAYERS = [
    "transformer.layers.0.self_attn.q_proj",
    "transformer.layers.1.self_attn.q_proj",
    "transformer.layers.1.mlp.up_proj",
]


def test_the_same_seed_draws_the_same_adapters(make_decoder):
    one, same, other = (attach(make_decoder(), LoRAConfig(), seed).adapter() for seed in (1, 1, 2))
    for name, (a, b) in one.matrices.items():
        assert torch.equal(a, same.matrices[name][0])
        assert not torch.equal(a, other.matrices[name][0])
        assert a.abs().max() <= 32**-0.5
        assert not b.any()


def test_a_pattern_without_a_match_names_what_there_is(make_decoder):
    with pytest.raises(UsageError, match=r"^[^\n]*'query'[^\n]*q_proj, k_proj, v_proj, o_proj, gate_proj[^\n]*$"):
        attach(make_decoder(), LoRAConfig(targets=["q_proj", "query"]), seed=1)
    with pytest.raises(UsageError, match=r"^[^\n]*'\*proj' is no regular expression[^\n]*$"):
        attach(make_decoder(), LoRAConfig(targets=["*proj"]), seed=1)
    with pytest.raises(UsageError, match="lm_head"):  # it is tied, or as large as all the blocks
        attach(make_decoder(), LoRAConfig(targets=["lm_head"]), seed=1)


def test_dropout_depends_on_the_part_of_the_row_alone(make_decoder):
    decoder = make_decoder()
    adapters = filled(decoder, LoRAConfig(targets="all", dropout=0.5))
    keys = torch.tensor([5, 6], dtype=torch.int32)
    rows = [torch.randn(1, n, 32, generator=torch.Generator().manual_seed(n)) for n in (4, 7)]
    layer = adapters.layers["transformer.layers.0.mlp.up_proj"]
    plain = layer(rows[1])
    with adapters.dropping(keys, [4, 7]):
        together = layer(torch.cat(rows, 1))
    with adapters.dropping(keys[1:], [7]):
        alone = layer(rows[1])
    assert torch.allclose(together[:, 4:], alone, atol=1e-5)
    assert not torch.allclose(alone, plain, atol=1e-2)
    assert torch.equal(layer(rows[1]), plain), "outside training nothing is dropped"


@pytest.mark.parametrize("rank_stabilised", [False, True])
def test_merged_weights_compute_the_same(make_decoder, rank_stabilised):
    decoder, plain, other = make_decoder(), make_decoder(), make_decoder()
    base = {name: tensor.clone() for name, tensor in plain.state_dict().items()}
    adapters = filled(decoder, LoRAConfig(rank=4, alpha=3, targets="all", rank_stabilised=rank_stabilised))
    adapter = adapters.adapter()
    wanted = decoder(IDS)
    other.load_state_dict(adapter.merged(base))
    merge(plain, adapter)
    assert torch.allclose(other(IDS), wanted, atol=1e-5)
    assert torch.allclose(plain(IDS), wanted, atol=1e-5)
    merge(plain, adapter, -1)
    assert all(torch.allclose(tensor, base[name], atol=1e-6) for name, tensor in plain.state_dict().items())
    name = next(iter(adapter.matrices))
    assert adapter.scales[name] == pytest.approx(3 / 2 if rank_stabilised else 3 / 4)


# ---- on disk


@pytest.mark.parametrize("shape", [LLAMA, {}, GPT2], ids=["llama", "qwen3", "gpt2"])
@pytest.mark.parametrize("targets", ["all", ["q_proj", "v_proj"]], ids=["all", "qv"])
@pytest.mark.parametrize("rank_stabilised", [False, True])
def test_peft_opens_what_we_save(tmp_path, make_decoder, tokenizer, shape, targets, rank_stabilised):
    peft, transformers = pytest.importorskip("peft"), pytest.importorskip("transformers")
    decoder = make_decoder(**shape)
    save_folder(decoder, tokenizer, tmp_path / "base")
    config = LoRAConfig(rank=4, alpha=6, targets=targets, rank_stabilised=rank_stabilised)
    adapters = filled(decoder, config)
    save_adapter(adapters.adapter(), config, decoder.config, tmp_path / "adapter", str(tmp_path / "base"))
    base = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "base")
    theirs = peft.PeftModel.from_pretrained(base, tmp_path / "adapter").eval()
    with torch.no_grad():
        assert (theirs(IDS).logits - decoder(IDS)).abs().max() < 1e-4
    again = load_adapter(tmp_path / "adapter", decoder.config)
    for name, (a, b) in adapters.adapter().matrices.items():
        rebuilt = again.delta(name)
        assert torch.allclose(rebuilt, config.scale * b @ a, atol=1e-5), name


@pytest.mark.parametrize("shape", [LLAMA, GPT2], ids=["llama", "gpt2"])
@pytest.mark.parametrize(
    "special",
    [
        {},
        {"use_rslora": True},
        {"alpha_pattern": {"mlp.c_fc": 9, "down_proj": 9}},
        {"alpha_pattern": {r"(layers|h)\.0\..*": 9}},
    ],
    ids=str,
)
def test_we_open_what_peft_saves(tmp_path, make_decoder, tokenizer, shape, special):
    peft, transformers = pytest.importorskip("peft"), pytest.importorskip("transformers")
    decoder = make_decoder(**shape)
    save_folder(decoder, tokenizer, tmp_path / "base")
    base = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "base")
    settings = peft.LoraConfig(r=3, lora_alpha=5, target_modules="all-linear", fan_in_fan_out=shape is GPT2, **special)
    theirs = peft.get_peft_model(base, settings)
    for name, parameter in theirs.named_parameters():
        if "lora_B" in name:
            nn.init.normal_(parameter, std=0.3, generator=torch.Generator().manual_seed(len(name)))
    theirs.save_pretrained(tmp_path / "adapter")
    merge(decoder, load_adapter(tmp_path / "adapter", decoder.config))
    with torch.no_grad():
        assert (theirs.eval()(IDS).logits - decoder(IDS)).abs().max() < 1e-4


def reshaped(folder, change):
    """Every B otherwise."""
    tensors = {name: change(tensor) if "lora_B" in name else tensor for name, tensor in load(folder / WEIGHTS).items()}
    save_file(tensors, folder / WEIGHTS)


def damaged(folder, **changes):
    raw = json.loads((folder / CONFIG).read_text())
    (folder / CONFIG).write_text(json.dumps(raw | changes))


DAMAGES = {
    "no settings": lambda folder: (folder / CONFIG).unlink(),
    "no weights": lambda folder: (folder / WEIGHTS).unlink(),
    "cut short": lambda folder: (folder / WEIGHTS).write_bytes((folder / WEIGHTS).read_bytes()[:200]),
    "no LoRA": lambda folder: damaged(folder, peft_type="IA3"),
    "DoRA": lambda folder: damaged(folder, use_dora=True),
    "biases": lambda folder: damaged(folder, bias="all"),
    "whole modules": lambda folder: damaged(folder, modules_to_save=["lm_head"]),
    "a start that changed the base": lambda folder: damaged(folder, init_lora_weights="pissa_niter_4"),
    "adapters that wait for a token": lambda folder: damaged(folder, alora_invocation_tokens=[1, 2]),
    "a pattern that is none": lambda folder: damaged(folder, alpha_pattern={"*": 3}),
    "patterns that are none": lambda folder: damaged(folder, alpha_pattern=["q_proj"]),
    "rank 0": lambda folder: reshaped(folder, lambda tensor: tensor[:, :0].contiguous()),
    "a number for a matrix": lambda folder: reshaped(folder, lambda tensor: tensor.sum()),
    "an odd alpha": lambda folder: damaged(folder, lora_alpha="large"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_adapter_is_one_line(tmp_path, make_decoder, damage):
    decoder, config = make_decoder(), LoRAConfig()
    shape = decoder.config
    save_adapter(filled(decoder, config).adapter(), config, shape, tmp_path / "adapter")
    DAMAGES[damage](tmp_path / "adapter")
    with pytest.raises(ZaohuaError, match=r"^[^\n]+$"):
        load_adapter(tmp_path / "adapter", shape)


def test_an_adapter_of_another_model_is_one_line(tmp_path, make_decoder):
    decoder, config = make_decoder(), LoRAConfig()
    save_adapter(filled(decoder, config).adapter(), config, decoder.config, tmp_path / "adapter")
    for other in ({"width": 16}, {"layers": 1}):
        with pytest.raises(ZaohuaError, match="does not fit"):
            load_adapter(tmp_path / "adapter", make_decoder(**other).config)
    bad = Adapter({"transformer.layers.0.self_attn.q_proj": (torch.full((16, 32), torch.nan), torch.zeros(32, 16))}, {})
    save_adapter(bad, config, decoder.config, tmp_path / "adapter")
    with pytest.raises(ZaohuaError, match="does not fit"):
        load_adapter(tmp_path / "adapter", decoder.config)
