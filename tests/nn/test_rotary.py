"""Rotary tables: scaled frequencies, and tables that grow."""

import math

import pytest
import torch
from transformers import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

from zaohua.nn.rotary import RopeScaling, RotaryTable, rotary_table


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        ("linear", {"factor": 4.0}),
        ("llama3", {"factor": 8.0, "low": 1.0, "high": 4.0, "original_context": 64}),
        ("llama3", {"factor": 32.0, "low": 2.0, "high": 3.0, "original_context": 100}),
    ],
)
def test_scaled_tables_are_those_of_transformers(kind, parameters):
    theirs = {"rope_type": kind, "rope_theta": 500.0, "factor": parameters["factor"]}
    if kind == "llama3":
        theirs |= {
            "low_freq_factor": parameters["low"],
            "high_freq_factor": parameters["high"],
            "original_max_position_embeddings": parameters["original_context"],
        }
    config = LlamaConfig(hidden_size=64, num_attention_heads=2, max_position_embeddings=512, rope_parameters=theirs)
    cos, sin = LlamaRotaryEmbedding(config)(torch.zeros(1, 300, 64), torch.arange(300)[None])
    ours = rotary_table(300, 32, 500.0, scaling=RopeScaling(kind=kind, **parameters))
    assert (ours[0] - cos[0]).abs().max() <= 1e-4  # 300 radians, rounded differently
    assert (ours[1] - sin[0]).abs().max() <= 1e-4


def test_llama3_scaling_leaves_fast_pairs_and_slows_slow_ones():
    scaling = RopeScaling(kind="llama3", factor=8, low=1, high=4, original_context=1000)
    fast, slow = 2 * math.pi / 100, 2 * math.pi / 2000  # ten turns within the first context, and half of one
    scaled = scaling.apply(torch.tensor([fast, slow]))
    assert scaled.tolist() == pytest.approx([fast, slow / 8])


def test_table_grows_and_serves_training_after_an_evaluation():
    table, x = RotaryTable(8, 100.0), torch.zeros(1)
    with torch.inference_mode():
        table.rows(0, 4, x)
    cos, sin = table.rows(2, 7, x)
    assert not cos.is_inference()
    full = rotary_table(9, 8, 100.0)
    assert torch.equal(cos, full[0][2:])
    assert torch.equal(sin, full[1][2:])
    at = table.at(torch.tensor([[3, 0], [8, 1]]), x)
    assert torch.equal(at[1][1, 0], full[1][[8, 1]])
    assert table.rows(0, 3, x.half())[0].dtype == torch.float16
