"""README.md of a model folder: what it learnt from, how, how well, at what cost, and what not to expect of it."""

import json
from collections.abc import Mapping
from typing import Any

from zaohua.model_folder.facts import facts_table, table_value

_METRICS = {"loss": "loss (nats/token)", "perplexity": "perplexity", "bits_per_byte": "bits per byte"}
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
