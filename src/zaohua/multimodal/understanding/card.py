"""README.md of a model that understands."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from zaohua.language.text_card import results_table
from zaohua.model_folder.facts import facts_table
from zaohua.multimodal.understanding.shape import Shape

_TEMPLATE = """\
---
license: unknown
library_name: zaohua
pipeline_tag: {pipeline}
tags: [zaohua, multimodal]
---

# {title}

Tells {what} from any of {modalities}; whichever are missing. Trained from nothing with zaohua.
由 zaohua 从零训练：从 {modalities} 中的任意几种判断{chinese}，缺哪种都可以。

## Use 使用

```python
import zaohua
model = zaohua.load("path/to/this/folder")
print(model.predict({{{example}}}))
```

## Results 效果

On rows that were held back.
在留出的行上测得。

{results}

## Shape 结构

{shape}

## Data 数据

{data}

## Training cost 训练开销

{cost}

## Limits 局限

- It knows only rows like those it learnt from, and carries over their slant; on others it may be wrong with confidence.
- The weights of the modalities say what the fusion used, not what caused an answer.
- Do not let it decide about people. Whoever shares this model should check the licence of the data.
- 它只懂与训练数据相似的内容，也带有其偏向；遇到别的内容，可能自信地出错。
- 各模态的权重只说明融合时用了多少，不说明答案由何而来。
- 不要让它替人做关于人的决定。分享模型前，请确认数据的许可。

## Recipe 配方

```toml
{recipe}
```
"""
_EXAMPLES = {
    "text": '"text": "…"',
    "image": '"image": "photo.jpg"',
    "audio": '"audio": "sound.wav"',
    "video": '"video": "film.mp4"',
    "table": '"table": {…}',
}


def understanding_card(
    *,
    title: str,
    shape: Shape,
    parameters: int,
    data: Mapping[str, Any],
    metrics: Mapping[str, Any],
    baselines: Mapping[str, Any],
    cost: Mapping[str, Any],
    recipe: str,
) -> str:
    """The card, in English and Chinese."""
    modalities, classes = shape.forms.modalities, shape.kind == "class"
    sizes = {name: value for name, value in asdict(shape).items() if name not in ("forms", "words", "classes")}
    return _TEMPLATE.format(
        pipeline="tabular-classification" if modalities == ("table",) and classes else "any-to-any",
        title=title,
        what=f"one of {len(shape.classes)} classes" if classes else "a number",
        chinese=f"属于 {len(shape.classes)} 类中的哪一类" if classes else "一个数字",
        modalities=", ".join(modalities),
        example=", ".join(_EXAMPLES[name] for name in modalities),
        results=results_table(metrics, baselines),
        shape=facts_table(sizes | {"parameters": parameters}),
        data=facts_table(data),
        cost=facts_table(cost),
        recipe=recipe.strip(),
    )
