"""Labels in text files: a last line in words (.txt), YAML front matter (.md), a member (.json), a meta tag (.html)."""

import html
import json
import re

from zaohua.labels.provenance import Provenance

_LINE = "本文由人工智能生成 · AI-generated text"
_FIELDS = {"producer": "producer", "model": "model", "created": "created", "id": "produce_id"}
_FRONT = re.compile(r"\A---\n(.*?)^---\n", re.DOTALL | re.MULTILINE)
_META = re.compile(r'<meta name="(AIGC|AISystemUsed|CreateDate|DigitalSourceType)" content="([^"]*)">\n?')


def embed(data: bytes, suffix: str, provenance: Provenance) -> bytes:
    """The file with its label, in place of an earlier one."""
    text = data.decode("utf-8")
    return {".txt": _embed_txt, ".md": _embed_md, ".json": _embed_json, ".html": _embed_html}[suffix](
        text, provenance
    ).encode("utf-8")


def extract(data: bytes, suffix: str) -> Provenance | None:
    """The label, or None."""
    text = data.decode("utf-8", "replace").replace("\r\n", "\n")
    return {".txt": _extract_txt, ".md": _extract_md, ".json": _extract_json, ".html": _extract_html}[suffix](text)


def _embed_txt(text: str, provenance: Provenance) -> str:
    provenance.aigc()  # refuses what the standard does
    body, _ = _split_txt(text)
    values = {key: getattr(provenance, name) for key, name in _FIELDS.items()}
    values["model"] = " ".join(values["model"].replace("·", "-").split())
    said = [f"{key} {value}" for key, value in values.items() if value]
    return body + ("\n" if body.endswith("\n") else "\n\n") + " · ".join([_LINE, *said]) + "\n"


def _split_txt(text: str) -> tuple[str, str]:
    """The text and its label line ("" if it has none)."""
    body, _, last = text.rstrip("\n").rpartition("\n")
    return (body, last) if last.startswith(_LINE) else (text, "")


def _extract_txt(text: str) -> Provenance | None:
    _, line = _split_txt(text)
    if not line:
        return None
    said = dict(part.partition(" ")[::2] for part in line.removeprefix(_LINE).split(" · ") if part)
    values = {name: said.get(key, "") for key, name in _FIELDS.items()}
    return Provenance(**values)  # type: ignore[arg-type]  # all four are strings


def _embed_md(text: str, provenance: Provenance) -> str:
    tags = {"AIGC": provenance.aigc(), **{k: v for k, v in provenance.tags().items() if k != "AIGC"}}
    # JSON is YAML, so that each value on one line needs no YAML writer here and none that reads it trips.
    ours = "".join(f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in tags.items())
    front = _FRONT.match(text)
    kept = "".join(line for line in (front[1] if front else "").splitlines(True) if line.split(":")[0] not in tags)
    return f"---\n{kept}{ours}---\n" + (text[front.end() :] if front else text)


def _extract_md(text: str) -> Provenance | None:
    front = _FRONT.match(text)
    tags = dict(line.partition(": ")[::2] for line in (front[1] if front else "").splitlines())
    return Provenance.from_tags({key: value if key == "AIGC" else _unquoted(value) for key, value in tags.items()})


def _unquoted(value: str) -> str:
    try:
        return str(json.loads(value))
    except (ValueError, RecursionError):
        return value


def _embed_json(text: str, provenance: Provenance) -> str:
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError("only a JSON object can carry a label")
    tags = provenance.tags() | {"AIGC": provenance.aigc()}
    return json.dumps(value | tags, ensure_ascii=False, indent=2) + "\n"


def _extract_json(text: str) -> Provenance | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict):
        return None
    model, created = str(value.get("AISystemUsed", "")), str(value.get("CreateDate", ""))
    return Provenance.from_aigc(value.get("AIGC"), model=model, created=created)


def _embed_html(text: str, provenance: Provenance) -> str:
    metas = "".join(
        f'<meta name="{name}" content="{html.escape(value)}">\n' for name, value in provenance.tags().items()
    )
    text = _META.sub("", text)
    head = re.search(r"<head[^>]*>\n?", text)
    place = head.end() if head else 0
    return text[:place] + metas + text[place:]


def _extract_html(text: str) -> Provenance | None:
    return Provenance.from_tags({name: html.unescape(value) for name, value in _META.findall(text)})
