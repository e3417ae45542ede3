"""README.md of a model folder: what it learnt from, how, how well, at what cost, and what not to expect of it."""

import json
from collections.abc import Mapping
from typing import Any

_METRICS = {"loss": "loss (nats/token)", "perplexity": "perplexity", "bits_per_byte": "bits per byte"}
_NAMES = {
    # the shape
    "layers": "layers 层数",
    "width": "width 宽度",
    "heads": "heads 注意力头",
    "kv_heads": "key and value heads 键值头",
    "head_dim": "numbers per head 每头维数",
    "ffn_width": "feed-forward width 前馈宽度",
    "rope_theta": "rotary base 旋转基数",
    "norm_eps": "norm epsilon 归一化 ε",
    "causal": "causal 因果",
    "dropout": "dropout 随机失活",
    "vocab_size": "vocabulary 词表大小",
    "context": "context 上下文",
    "tied": "tied head 输出层共享权重",
    "parameters": "parameters 参数量",
    # the data
    "sources": "sources 来源",
    "files": "files 文件数",
    "documents": "documents 文档数",
    "characters": "characters 字符数",
    "bytes": "bytes 字节数",
    "encodings": "encodings 编码",
    "skipped": "skipped 跳过",
    "removed": "removed 去除",
    "languages": "languages 语言",
    "kept": "kept 保留",
    "split": "split 划分",
    "tokens": "tokens 词元数",
    "bytes_per_token": "bytes per token 每词元字节数",
    "seconds": "seconds 秒",
    "hash": "hash 哈希",
    "unknown": "unknown characters 未知字符",
    "warnings": "warnings 警告",
    # the cost
    "steps": "steps 步数",
    "flops": "operations 运算量",
    "train_seconds": "training, seconds 训练用时（秒）",
    "machine": "machine 机器",
}
_HIDDEN = ("skipped_names", "near_duplicates")  # names of the user's files are nobody else's business

_TEMPLATE = """\
---
language: {languages}
license: unknown
library_name: transformers
pipeline_tag: text-generation
tags: [zaohua, qwen3]
---

# {title}

A decoder-only language model in the Qwen3 form, trained from nothing with zaohua.
由 zaohua 从零训练的 Qwen3 结构语言模型。

## Use 使用

```python
import zaohua
print(zaohua.load("path/to/this/folder").generate("Once upon a time")[0])
```

```python
from transformers import AutoModelForCausalLM, AutoTokenizer
tokenizer = AutoTokenizer.from_pretrained("path/to/this/folder")
model = AutoModelForCausalLM.from_pretrained("path/to/this/folder")
inputs = tokenizer("Once upon a time", return_tensors="pt")
print(tokenizer.decode(model.generate(**inputs, max_new_tokens=100)[0]))
```

## Results 效果

On held-out text, every token once, in blocks of the context; the baselines are tables of counts over the same tokens.
在留出文本上逐词元评测，按上下文长度分块；基线是同一批词元上的计数表。

{results}

## Shape 结构

{shape}

## Data 数据

{data}

## Training cost 训练开销

{cost}

## Limits 局限

- It knows only what stands in its training text, may repeat passages of it word for word, and states falsehoods as
  fluently as facts. Do not rely on what it writes without checking.
- It has had no training to follow instructions, to be helpful or to avoid harm.
- Whoever shares this model or its output should check the licence of the training text and say that the text is
  AI-generated.
- 它只知道训练文本中的内容，可能逐字重复其中的段落，也会流畅地写出不实之事；使用前请核实。
- 它没有学过听从指令，也没有学过避免有害内容。
- 分享模型或其输出前，请确认训练文本的许可，并注明内容由人工智能生成。

## Recipe 配方

```toml
{recipe}
```
"""


def model_card(
    *,
    data: Mapping[str, Any],
    recipe: str,
    metrics: Mapping[str, Any],
    baselines: Mapping[str, Any] | None = None,
    config: Mapping[str, Any] | None = None,
    cost: Mapping[str, Any] | None = None,
    title: str = "A zaohua language model",
) -> str:
    """The card, in English and Chinese.

    data: the corpus' report; recipe: TOML; metrics: loss, perplexity, bits_per_byte and others; baselines: name ->
    the same three; config: the decoder's shape and parameters; cost: steps, tokens, seconds, machine and so on.
    """
    return _TEMPLATE.format(
        languages=json.dumps([name for name in data.get("languages", {}) if name in ("zh", "en")]),
        title=title,
        results=_results(metrics, baselines or {}),
        shape=facts_table(config or {}),
        data=facts_table(data),
        cost=facts_table(cost or {}),
        recipe=recipe.strip(),
    )


def _results(metrics: Mapping[str, Any], baselines: Mapping[str, Any]) -> str:
    """One row per model, its own first; then whatever else was measured."""
    columns = [name for name in _METRICS if name in metrics]
    rows = {"**this model 本模型**": metrics}
    for name, scores in baselines.items():
        if isinstance(scores, Mapping):
            order = f" (order {scores['order']})" if "order" in scores else ""
            rows[name + order] = scores
    lines = ["| | " + " | ".join(_METRICS[name] for name in columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for name, scores in rows.items():
        lines.append(f"| {name} | " + " | ".join(table_value(scores.get(column, "")) for column in columns) + " |")
    others = {name: value for name, value in metrics.items() if name not in _METRICS}
    return "\n".join(lines) + ("\n\n" + facts_table(others) if others else "")


def facts_table(values: Mapping[str, Any]) -> str:
    """Names in words and values, a row each."""
    shown = {key: value for key, value in values.items() if key not in _HIDDEN}
    rows = [f"| {_NAMES.get(key, _name(key))} | {table_value(value)} |" for key, value in shown.items()]
    return "\n".join(["| | |", "|---|---|", *rows]) if rows else "Not recorded. 未记录。"


def _name(key: str) -> str:
    return key.replace("_", " ")


def table_value(value: Any) -> str:
    """A number in few digits, a mapping as "key: value", anything else as text, on one line of a table."""
    if isinstance(value, Mapping):
        return ", ".join(f"{_name(str(key))}: {table_value(item)}" for key, item in value.items()) or "none 无"
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1e4 else f"{value:,.0f}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return str(value).replace("|", "\\|").replace("\n", " ")
