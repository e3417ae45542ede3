"""README.md of a model that was fine-tuned: from what, on what, how well before and after, and what not to expect."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from zaohua.language.decoder import DecoderConfig
from zaohua.model_folder.facts import facts_table, table_value

_WHAT = {
    "continue": (
        "A language model trained further with zaohua on more documents, from {base}.",
        "用 zaohua 在 {base} 之上以更多文档继续训练的语言模型。",
    ),
    "instruct": (
        "A language model fine-tuned with zaohua to answer in conversations, from {base}.",
        "用 zaohua 在 {base} 之上微调、能在对话中作答的语言模型。",
    ),
    "prefer": (
        "A language model tuned with zaohua towards the answers people preferred, from {base}.",
        "用 zaohua 在 {base} 之上按人的偏好调整的语言模型。",
    ),
}
_TEMPLATE = """\
---
license: unknown
library_name: transformers
pipeline_tag: text-generation
tags: [zaohua]
---

# {title}

{english}
{chinese}

## Use 使用

```python
from transformers import AutoModelForCausalLM, AutoTokenizer
tokenizer = AutoTokenizer.from_pretrained("path/to/this/folder")
model = AutoModelForCausalLM.from_pretrained("path/to/this/folder")
chat = [{{"role": "user", "content": "…"}}]
inputs = tokenizer.apply_chat_template(chat, add_generation_prompt=True, return_tensors="pt", return_dict=True)
print(tokenizer.decode(model.generate(**inputs, max_new_tokens=100)[0]))
```

## Results 效果

On data held back from training, before and after it.
在未参与训练的留出数据上，训练前与训练后。

{results}

## Shape 结构

{shape}

## Data 数据

{data}

## Training cost 训练开销

{cost}

## Limits 局限

- It states falsehoods as fluently as facts, and what the model it was made from got wrong it may still get wrong.
  Do not rely on what it writes without checking. It was not examined for harm.
- Whoever shares this model or its output should check the licences of the base and of the data, and say that the text
  is AI-generated.
- 它会流畅地写出不实之事，基础模型的错误也可能仍在；使用前请核实。没有做过危害方面的检查。
- 分享模型或其输出前，请确认基础模型与数据的许可，并注明内容由人工智能生成。

## Recipe 配方

```toml
{recipe}
```
"""


def tuning_card(
    *,
    task: str,
    title: str,
    base: str,
    data: Mapping[str, Any],
    recipe: str,
    metrics: Mapping[str, Any],
    before: Mapping[str, Any],
    config: DecoderConfig,
    cost: Mapping[str, Any],
) -> str:
    """The card, in English and Chinese.

    base: what to call the model that was gone on from; before, metrics: its evaluation and the tuned model's; the rest
    as in model_card.
    """
    english, chinese = (text.format(base=base) for text in _WHAT[task])
    rows = ["| | before 之前 | after 之后 |", "|---|---|---|"]
    rows += [
        f"| {name} | {table_value(before.get(name, ''))} | {table_value(value)} |" for name, value in metrics.items()
    ]
    return _TEMPLATE.format(
        title=title,
        english=english,
        chinese=chinese,
        results="\n".join(rows),
        shape=facts_table(asdict(config) | {"parameters": config.num_parameters()}),
        data=facts_table(data),
        cost=facts_table(cost),
        recipe=recipe.strip(),
    )
