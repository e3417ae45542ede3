"""Captions that lie beside what they describe: owl.jpg with owl.txt, owl.en.txt and owl.zh.txt, or owl.json; in
folders, in archives, and in tar archives as WebDataset writes them.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from zaohua.data.captioned.captions import LANGUAGES, Captions, add, merged, sorted_captions
from zaohua.data.captioned.config import Kind
from zaohua.data.captioned.fields import captions_in
from zaohua.data.captioned.files import media_among, read_texts
from zaohua.data.captioned.listed import Listed
from zaohua.data.report import SourceReport
from zaohua.data.stored import Stored

_TEXTS = ("txt", "caption", "json")


def listed_beside(files: Sequence[Stored], kind: Kind, report: SourceReport, others: Counter[str]) -> list[Listed]:
    """Everything that has a caption. What has none, and captions of nothing, go into the report; others: takes the
    counts of captions in third languages. Each line of a text is a caption."""
    texts = [file for file in files if _suffix(file.name) in _TEXTS]
    media = media_among([file for file in files if _suffix(file.name) not in _TEXTS], kind)
    captions = _captions(read_texts(texts, report), {_stem(one.name) for one in media}, report, others)
    found = []
    for one in media:
        said = captions.get(one.name) or captions.get(_stem(one.name))  # a folder of frames has no suffix
        if said:
            found.append(Listed(one, said))
        else:
            report.skip(one.name, "no_caption")
    for stem in sorted(captions.keys() - {name for one in media for name in (one.name, _stem(one.name))}):
        report.skip(stem, "no_partner")
    return found


def _captions(
    texts: Mapping[str, str], stems: set[str], report: SourceReport, others: Counter[str]
) -> dict[str, Captions]:
    """Stem -> what all the files of that stem say."""
    found: dict[str, Captions] = defaultdict(dict)
    for name, text in texts.items():
        stem, language = _stem(name), None
        if stem not in stems and _suffix(stem) in LANGUAGES:
            stem, language = _stem(stem), _suffix(stem)
        if _suffix(name) == "json":
            said = _in_json(name, text, report, others)
        elif language is None:
            said = sorted_captions(text.splitlines(), others)
        else:
            said = {}
            add(said, language, text.splitlines())
        found[stem] = merged(found[stem], said)
    return found


def _in_json(name: str, text: str, report: SourceReport, others: Counter[str]) -> Captions:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, Mapping):
        report.skip(name, "malformed")
        return {}
    return captions_in(value, others)


def _suffix(name: str) -> str:
    return name.rpartition("/")[2].lower().rpartition(".")[2]


def _stem(name: str) -> str:
    """A path without its last suffix: "birds/owl.2.jpg" is "birds/owl.2"."""
    folder, slash, last = name.rpartition("/")
    return folder + slash + (last.rpartition(".")[0] or last)
