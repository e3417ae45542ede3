"""SmolLM2-135M-Instruct, a real pretrained model, out of its wheel."""

import numpy as np
import pytest
import torch
import transformers
from gguf import GGMLQuantizationType
from gguf.quants import dequantize
from transformers.modeling_gguf_pytorch_utils import LlamaTensorProcessor

from zaohua import hub
from zaohua.errors import ZaohuaError
from zaohua.language.folder import save_folder
from zaohua.language.generation import complete
from zaohua.language.gguf.header import read_header
from zaohua.language.model import LanguageModel
from zaohua.language.sampling import SamplingConfig

CHAT = """<|im_start|>system
You are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>
<|im_start|>user
{question}<|im_end|>
<|im_start|>assistant
"""


@pytest.fixture(scope="module")
def smollm2() -> LanguageModel:
    try:
        return hub.load("builtin:smollm2", device="cpu")
    except ZaohuaError as error:
        pytest.skip(str(error))  # no package index to be reached


def test_its_shape(smollm2):
    config = smollm2.decoder.config
    assert smollm2.name == "SmolLM2-135M-Instruct"
    assert config.num_parameters() == 134_515_008
    assert (config.layers, config.heads, config.kv_heads, config.context, config.tied) == (30, 9, 3, 8192, True)
    assert smollm2.ends == {0, 2}  # <|endoftext|>, <|im_end|>
    assert smollm2.tokenizer.settings["chat_template"].startswith("{% for message in messages %}")


def test_its_text_is_likely_to_it_and_shuffled_text_is_not(smollm2):
    text = "Once upon a time, there was a little girl who lived in a small house near the forest with her mother."
    words = text.split()
    shuffled = " ".join(words[1::2] + words[::2])
    assert smollm2.score(text)["perplexity"] < 20 < 100 < smollm2.score(shuffled)["perplexity"]


def test_it_answers(smollm2):
    prompt = smollm2.tokenizer.encode(CHAT.format(question="What is the capital of France?"), allow_special=True)
    greedy = SamplingConfig(temperature=0)
    (answer,) = complete(smollm2.decoder, smollm2.tokenizer, prompt, greedy, max_new_tokens=40, stop_ids=smollm2.ends)
    assert "Paris" in answer.text
    assert answer.finish_reason == "stop"


def test_its_weights_are_those_of_the_file(smollm2):
    """Dequantised by the library, and turned back as transformers does it."""
    path, _ = hub.locate("builtin:smollm2")
    tensors, state = read_header(path).tensors, smollm2.decoder.state_dict()
    turning = LlamaTensorProcessor()
    for name, ours, heads in (
        ("blk.7.attn_q.weight", "transformer.layers.7.self_attn.q_proj.weight", 9),
        ("blk.29.attn_k.weight", "transformer.layers.29.self_attn.k_proj.weight", 3),
        ("blk.0.ffn_down.weight", "transformer.layers.0.mlp.down_proj.weight", 0),
    ):
        rows, columns = tensors[name].shape
        raw = np.fromfile(path, np.uint8, rows * columns // 32 * 20, offset=tensors[name].offset)
        expected = dequantize(raw.reshape(rows, -1), GGMLQuantizationType.Q4_1)
        if heads:
            expected = turning._reverse_permute_weights(expected, heads)
        assert np.array_equal(state[ours].numpy(), expected)


@torch.no_grad()
def test_transformers_opens_what_we_save(smollm2, tmp_path):
    """Half the size, for speed: both read the same rounded weights."""
    state = {name: tensor.bfloat16() for name, tensor in smollm2.decoder.state_dict().items()}
    save_folder(smollm2.decoder, smollm2.tokenizer, tmp_path / "m", state=state, ends=smollm2.ends)
    theirs = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "m", dtype=torch.float32).eval()
    ours = hub.load(tmp_path / "m", device="cpu")
    assert ours.ends == smollm2.ends
    ids = torch.tensor([ours.tokenizer.encode(CHAT.format(question="What is 2+2?"), allow_special=True)])
    expected = theirs(ids).logits
    assert (ours.decoder(ids) - expected).abs().max() <= 2e-4  # logits reach 40
    written = theirs.generate(ids, do_sample=False, max_new_tokens=12)[0, ids.shape[1] :]
    greedy = SamplingConfig(temperature=0)
    (answer,) = complete(ours.decoder, ours.tokenizer, ids[0].tolist(), greedy, max_new_tokens=12, stop_ids=ours.ends)
    assert answer.ids == written.tolist()
