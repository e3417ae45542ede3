"""README.md of two towers: what they learnt from, how, how well, and what not to expect of them."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from zaohua.language.text_card import results_table
from zaohua.model_folder.facts import facts_table
from zaohua.multimodal.contrastive.shape import TowersConfig
from zaohua.multimodal.sight import LICENCE

_WHAT = {
    "pictures": (
        "Turns pictures and sentences into vectors of one space, in which a picture lies near what is true of it.",
        "把图片和句子变成同一空间中的向量：图片与描述它的句子彼此靠近。",
    ),
    "sounds": (
        "Turns sounds and sentences into vectors of one space, in which a sound lies near what is true of it.",
        "把声音和句子变成同一空间中的向量：声音与描述它的句子彼此靠近。",
    ),
}
_SIGHT = """
Pictures are looked at by a frozen network, `{name}`: {licence}. Its weights are not in this folder; they
come by pip when they are first needed.
图片由一个冻结的网络 `{name}` 来看（{licence}）；它的权重不在此文件夹中，首次用到时由 pip 取得。
"""
_USE = {"pictures": ("zero-shot-image-classification", "photo.jpg"), "sounds": ("audio-classification", "sound.wav")}
_TEMPLATE = """\
---
language: [en, zh]
license: unknown
library_name: zaohua
pipeline_tag: {pipeline}
tags: [zaohua, contrastive]
---

# {title}

{english} Trained with zaohua.
{chinese}用 zaohua 训练。
{sight}
## Use 使用

```python
import zaohua
model = zaohua.load("path/to/this/folder")
model.similarity(["{file}"], ["a red heart", "一颗红心"])
model.classify(["{file}"], ["cat", "dog", "bird"])
```

```bash
zaohua search path/to/this/folder FOLDER "a red heart"
```

## Results 效果

On pairs that were held back. "find": a sentence finds its picture or sound; "name": the other way round. Beside it what
luck finds, and what the captions of the most similar training examples find.
在留出的配对上测得。find：用句子找图片或声音；name：反之。旁边是随机猜测，以及用最相似训练样本的描述所能找到的。

{results}

## Shape 结构

{shape}

## Data 数据

{data}

## Training cost 训练开销

{cost}

## Limits 局限

- It knows the kinds of things and the words that it was trained on, and takes others for what is most alike among them.
  A similarity is no probability, and compares with those of this model alone. Measure it on your own pairs.
- Whoever shares this model should check the licence of the data.
- 它只认识训练数据里出现过的事物和词语，其余的会当成其中最相似的。相似度不是概率，也只能与同一模型的数值比较。
  请先在自己的数据上测量。
- 分享模型前，请确认训练数据的许可。

## Recipe 配方

```toml
{recipe}
```
"""


def contrastive_card(
    *,
    title: str,
    config: TowersConfig,
    data: Mapping[str, Any],
    recipe: str,
    metrics: Mapping[str, Any],
    baselines: Mapping[str, Any],
    cost: Mapping[str, Any],
) -> str:
    """The card, in English and Chinese. metrics: of the last evaluation; baselines: the same of others."""
    pipeline, file = _USE[config.kind]
    english, chinese = _WHAT[config.kind]
    return _TEMPLATE.format(
        pipeline=pipeline,
        file=file,
        title=title,
        english=english,
        chinese=chinese,
        sight=_SIGHT.format(name=config.sight, licence=LICENCE) if config.sight else "",
        results=results_table(metrics, baselines),
        shape=facts_table(asdict(config) | {"parameters": config.num_parameters()}),
        data=facts_table(data),
        cost=facts_table(cost),
        recipe=recipe.strip(),
    )
