"""README.md of an encoder or encoder-decoder: what it learnt from, how, how well, and what not to expect of it."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from zaohua.language.encoders.encoder import EncoderConfig
from zaohua.language.seq2seq.module import Seq2SeqConfig
from zaohua.model_folder.facts import facts_table, table_value

_USE = {
    "masked": ('model.fill_mask("… [MASK] …")', "AutoModelForMaskedLM", "fill-mask"),
    "classify": ('model.classify(["…"])', "AutoModelForSequenceClassification", "text-classification"),
    "embed": ('model.embed(["…"])', "AutoModel", "sentence-similarity"),
}
_WHAT = {
    "masked": (
        "An encoder in the BERT form, trained with zaohua to guess hidden tokens.",
        "由 zaohua 训练的 BERT 结构编码器：猜出被遮住的词元。",
    ),
    "classify": (
        "An encoder in the BERT form that sorts texts, trained with zaohua.",
        "由 zaohua 训练的 BERT 结构文本分类器。",
    ),
    "embed": (
        "An encoder in the BERT form that turns texts into vectors, trained with zaohua.",
        "由 zaohua 训练的 BERT 结构句向量编码器。",
    ),
}
_READERS = """
```python
from transformers import {auto}, AutoTokenizer
tokenizer = AutoTokenizer.from_pretrained("path/to/this/folder")
model = {auto}.from_pretrained("path/to/this/folder")
```
"""
_TEMPLATE = """\
---
language: {languages}
license: unknown
{head}
---

# {title}

{english}
{chinese}

## Use 使用

```python
import zaohua
model = zaohua.load("path/to/this/folder")
print({call})
```
{readers}
## Results 效果

On held-out texts; the baselines were fitted on the same training texts.
在留出文本上测得；基线用同样的训练文本拟合。

{results}

## Shape 结构

{shape}

## Data 数据

{data}

## Training cost 训练开销

{cost}

## Limits 局限

- It knows only what stands in its training texts and carries over their slant; on other kinds of text it may be wrong
  with confidence. Measure it on your own texts before relying on it.
- Whoever shares this model should check the licence of the training texts.
- 它只知道训练文本中的内容，也带有其偏向；遇到别的文本，可能自信地出错。使用前请先在自己的文本上测量。
- 分享模型前，请确认训练文本的许可。

## Recipe 配方

```toml
{recipe}
```
"""


def encoder_card(*, task: str, config: EncoderConfig, **facts: Any) -> str:
    """The card, in English and Chinese. facts: title, data, recipe, metrics, baselines and cost, as in model_card."""
    call, auto, pipeline = _USE[task]
    return _card(
        _WHAT[task],
        call,
        head=f"library_name: transformers\npipeline_tag: {pipeline}\ntags: [zaohua, bert]",
        readers=_READERS.format(auto=auto),
        shape=asdict(config) | {"parameters": config.num_parameters()},
        **facts,
    )


_TEXT_TO_TEXT = (
    "An encoder-decoder that reads one text and writes another, trained from nothing with zaohua.",
    "由 zaohua 从零训练的编码器—解码器：读一段文本，写出另一段。",
)


def seq2seq_card(
    *,
    config: Seq2SeqConfig,
    what: tuple[str, str] = _TEXT_TO_TEXT,
    call: str = 'model.generate("…")[0].text',
    pipeline: str = "text2text-generation",
    **facts: Any,
) -> str:
    """The same for an encoder-decoder. what: what it does, in both languages; call: how it is used; pipeline: the
    hub's name for such models."""
    return _card(
        what,
        call,
        head=f"library_name: zaohua\npipeline_tag: {pipeline}\ntags: [zaohua]",
        readers="",
        shape=asdict(config) | {"parameters": config.num_parameters()},
        **facts,
    )


def _card(
    what: tuple[str, str],
    call: str,
    *,
    head: str,
    readers: str,
    shape: Mapping[str, Any],
    title: str,
    data: Mapping[str, Any],
    recipe: str,
    metrics: Mapping[str, Any],
    baselines: Mapping[str, Any],
    cost: Mapping[str, Any],
) -> str:
    return _TEMPLATE.format(
        languages=json.dumps([name for name in data.get("languages", {}) if name in ("zh", "en")]),
        head=head,
        title=title,
        english=what[0],
        chinese=what[1],
        call=call,
        readers=readers,
        results=results_table(metrics, baselines),
        shape=facts_table(shape),
        data=facts_table(data),
        cost=facts_table(cost),
        recipe=recipe.strip(),
    )


def results_table(metrics: Mapping[str, Any], baselines: Mapping[str, Any]) -> str:
    """A row for every number of the model, with those of the baselines beside it."""
    rivals = {name: found for name, found in baselines.items() if isinstance(found, Mapping)}
    numbers = {name: found for name, found in metrics.items() if isinstance(found, int | float)}
    lines = [f"| | this model 本模型 | {' | '.join(rivals)} |", "|---" * (len(rivals) + 2) + "|"]
    for name, found in numbers.items():
        beside = [table_value(scores[name]) if name in scores else "" for scores in rivals.values()]
        lines.append(f"| {name.replace('_', ' ')} | {' | '.join([table_value(found), *beside])} |")
    return "\n".join(lines)
