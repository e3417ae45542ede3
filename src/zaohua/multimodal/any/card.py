"""README.md of an any-to-any model."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from zaohua.language.decoder import DecoderConfig
from zaohua.model_folder.facts import facts_table
from zaohua.multimodal.any.folder import Knows

_TEMPLATE = """\
---
language: {languages}
license: unknown
library_name: transformers
pipeline_tag: any-to-any
tags: [zaohua, qwen3]
---

# {title}

One decoder over one vocabulary of text, marks, and codes of pictures and sounds, trained from nothing with zaohua. It
has learnt: {templates}. The decoder is a plain Qwen3 folder; `media` in config.json says which tokens are codes, and
the tokenisers that turn media into codes and back lie in `image/` and `audio/`. A model that reads pictures by a frozen
network's eyes (`media.sight`) keeps what lies between them and the decoder in `sight.safetensors`.
一个解码器、一张词表（文本、标记、图像与声音的码），由 zaohua 从零训练，学过的任务见上。解码器就是普通的 Qwen3 文件夹；
config.json 的 `media` 说明哪些词元是码，图像与声音的分词器在 `image/` 与 `audio/` 中。若用冻结网络的眼睛读图
（`media.sight`），它与解码器之间的权重在 `sight.safetensors` 中。

## Use 使用

```python
import zaohua
model = zaohua.load("path/to/this/folder")
{use}
```

## Results 效果

On held-out data, in nats per token; `zaohua evaluate` measures what it makes beside simple baselines.
在留出数据上测得，单位为每词元奈特；`zaohua evaluate` 会把它生成的内容与简单基线一同衡量。

{results}

## Shape 结构

{shape}

## Data 数据

{data}

## Training cost 训练开销

{cost}

## Limits 局限

- It knows only what stands in its data, in the languages given above, and errs with confidence on anything else.
- What it makes may come close to single pieces of its data: check before publishing. Whoever shares this model or what
  it makes should check the licence of the data and say that the content is AI-generated.
- 它只知道数据中有的内容与上列语言，遇到别的会自信地出错。
- 它生成的内容可能与个别训练样本十分接近，发布前请核对；分享模型或其结果前，请确认数据的许可，并注明内容由人工智能生成。

## Recipe 配方

```toml
{recipe}
```
"""
_USE = {
    "caption": 'model.translate("picture.png", to="text:{language}").text',
    "draw": 'model.generate("…", to="image", n=4)[0].save("made.png")',
    "continue": 'model.continue_picture("picture.png", rows=4)[0].save("made.png")',
    "answer": 'model.answer("picture.png", "…").text',
    "transcribe": 'model.translate("speech.wav", to="text:{language}").text',
    "speak": 'model.generate("…", to="audio")[0].save("made.wav")',
    "film": 'model.generate("…", to="video")[0].save("made.gif")',
    "narrate": 'model.translate("film.mp4", to="text:{language}").text',
}


def any_card(
    *,
    title: str,
    knows: Knows,
    config: DecoderConfig,
    data: Mapping[str, Any],
    recipe: str,
    metrics: Mapping[str, Any],
    cost: Mapping[str, Any],
) -> str:
    """The card, in English and Chinese. data: the report; recipe: TOML; metrics: of the last evaluation."""
    language = knows.languages[0] if knows.languages else "en"
    return _TEMPLATE.format(
        languages=json.dumps(list(knows.languages)),
        title=title,
        templates=", ".join(knows.templates),
        use="\n".join(_USE[name].format(language=language) for name in knows.templates),
        results=facts_table(metrics),
        shape=facts_table(asdict(config) | {"parameters": config.num_parameters()}),
        data=facts_table(data),
        cost=facts_table(cost),
        recipe=recipe.strip(),
    )
