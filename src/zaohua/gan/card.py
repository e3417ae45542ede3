"""README.md of a generator's folder: what it makes, what it learnt from, how well, at what cost, and its limits."""

from collections.abc import Mapping, Sequence
from typing import Any

from zaohua.model_folder.facts import facts_table

_TEMPLATE = """\
---
license: unknown
library_name: zaohua
pipeline_tag: {pipeline}
tags: [zaohua, gan]
---

# {title}

{what}

## Use 使用

```python
{use}
```

## Results 效果

Lower distances are better; a value says nothing without the extractor it was measured with and the floor, which is the
same measure of real data that were held back.
距离越低越好；数值须与所用的特征提取器以及留出真实数据的下限一并阅读。

{results}

## Shape 结构

{shape}

## Data 数据

{data}

## Training cost 训练开销

{cost}

## Limits 局限

{limits}
- It was trained to look like its data and may come close to single pieces of them: see the measures above, and check
  before publishing. Whoever shares this model or what it makes should check the licence of the data and say that the
  content is AI-generated.
- 它学的是让结果看起来像训练数据，可能与其中个别样本十分接近：请参看上面的指标，发布前请核对。
- 分享模型或其结果前，请确认训练数据的许可，并注明内容由人工智能生成。

## Recipe 配方

```toml
{recipe}
```
"""


def gan_card(
    *,
    title: str,
    what: tuple[str, str],
    use: str,
    limits: Sequence[str],
    config: Mapping[str, Any],
    data: Mapping[str, Any],
    metrics: Mapping[str, Any],
    cost: Mapping[str, Any],
    recipe: str,
    pipeline: str = "unconditional-image-generation",
) -> str:
    """The card, in English and Chinese.

    what: one sentence in each language; use: Python that uses the folder; limits: a line each, in both languages;
    config: the shape; data: their report; metrics: of the last evaluation; pipeline: the hub's name for such models.
    """
    return _TEMPLATE.format(
        pipeline=pipeline,
        title=title,
        what="\n".join(what),
        use=use.strip(),
        limits="\n".join(f"- {line}" for line in limits),
        shape=facts_table(config),
        data=facts_table(data),
        results=facts_table(metrics),
        cost=facts_table(cost),
        recipe=recipe.strip(),
    )
