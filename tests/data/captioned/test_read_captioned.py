"""Pairs from folders, archives and tables, whatever is wrong with them."""

import io
import json
import tarfile
import zipfile
from pathlib import Path

import painting
import pytest
import sounding
from PIL import Image

from zaohua.data.captioned import Captioned, CaptionedConfig, read_captioned, write_captioned_sheet
from zaohua.errors import UsageError, ZaohuaError
from zaohua.report.captioned import rows

COLOURS = ["red", "green", "blue", "old", "new", "big", "small", "tall"]
THINGS = ["owl", "cat", "hat", "car", "sun"]


def read(source: str, **settings) -> Captioned:
    return read_captioned(CaptionedConfig(source=source, **{"size": 16, **settings}), 1)


def everything(found: Captioned) -> dict[str, dict[str, list[str]]]:
    """Name -> captions, of both sides."""
    return {
        name: said
        for side in (found.train, found.validation)
        for name, said in zip(side.names, side.captions, strict=True)
    }


def album(folder: Path, count: int = 20) -> list[str]:
    """Pictures 0000.png … and a text beside each; their names without the suffix."""
    painting.album(folder, count)
    names = [f"{number:04}" for number in range(count)]
    for number, name in enumerate(names):
        (folder / f"{name}.txt").write_text(f"a {COLOURS[number % 8]} {THINGS[number % 5]}\n", encoding="utf-8")
    return names


def test_a_folder_of_pictures_and_texts(tmp_path):
    names = album(tmp_path)
    (tmp_path / "0003.zh.txt").write_text("红猫\n一只红色的猫", encoding="utf-8")
    (tmp_path / "0004.en.txt").write_text("die cast", encoding="utf-8")
    found = read(f"folder:{tmp_path}")
    said = everything(found)
    assert list(said) != []
    assert set(said) == {f"{name}.png" for name in names}
    assert said["0003.png"] == {"en": ["a old car"], "zh": ["红猫", "一只红色的猫"]}
    assert said["0004.png"] == {"en": ["die cast", "a new sun"]}
    assert found.train.media.shape == (len(found.train), 3, 16, 16)
    assert len(found.train) + len(found.validation) == 20
    again = read(f"folder:{tmp_path}")
    assert again.report["hash"] == found.report["hash"]
    (tmp_path / "0005.txt").write_text("something else", encoding="utf-8")
    assert read(f"folder:{tmp_path}").report["hash"] != found.report["hash"]


def test_what_lacks_its_partner_is_named_and_counted(tmp_path):
    album(tmp_path)
    painting.album(tmp_path, 2, first=50)
    (tmp_path / "alone.txt").write_text("of nothing", encoding="utf-8")
    (tmp_path / "0006.txt").write_bytes(b"  \n")
    (tmp_path / "0007.txt").write_bytes(b"\x00\x01\x02")
    (tmp_path / "0008.txt").write_text("Красный шар", encoding="utf-8")
    (tmp_path / "0009.png").write_bytes(b"no picture")
    report = read(f"folder:{tmp_path}").report
    assert report["skipped"] == {"no_caption": 4, "binary": 1, "no_partner": 1, "malformed": 1}
    listed = {name: reason for name, reason, _ in report["skipped_names"]}
    assert listed["0050.png"] == listed["0006.png"] == listed["0008.png"] == "no_caption"
    assert listed["alone"] == "no_partner"
    assert report["captions"]["other_languages"] == {"ru": 1}
    assert any("ru" in warning for warning in report["warnings"])


def test_a_pair_whose_captions_cannot_be_read_is_counted_once(tmp_path):
    album(tmp_path)
    painting.album(tmp_path, 3, first=50)
    (tmp_path / "0050.json").write_text("{cut off", encoding="utf-8")
    (tmp_path / "0051.zh.txt").write_bytes(b"\x00\x01\x02")
    (tmp_path / "0052.json").write_text("[1]", encoding="utf-8")
    (tmp_path / "alone.json").write_text("no json", encoding="utf-8")  # of no picture at all
    (tmp_path / "0003.json").write_text("no json", encoding="utf-8")  # beside a text that serves
    found = read(f"folder:{tmp_path}")
    assert found.report["skipped"] == {"malformed": 4, "binary": 1}
    assert set(everything(found)) == {f"{number:04}.png" for number in range(20)}


@pytest.mark.parametrize("encoding", ["gb18030", "big5", "utf-16", "utf-8-sig"])
def test_captions_in_other_encodings(tmp_path, encoding):
    names = album(tmp_path)
    traditional = ["青蛙", "山上的小屋", "一隻鳥", "大海", "夜裡的月亮"]
    texts = traditional if encoding == "big5" else ["青蛙", "两只老虎", "大海", "月亮", "山"]
    for number, name in enumerate(names):
        (tmp_path / f"{name}.txt").write_bytes(texts[number % 5].encode(encoding))
    found = read(f"folder:{tmp_path}")
    assert [said["zh"] for _, said in sorted(everything(found).items())] == [[texts[n % 5]] for n in range(20)]


def test_archives_say_the_same_as_the_folder(tmp_path):
    folder = tmp_path / "photos"
    album(folder)
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive, tarfile.open(tmp_path / "photos.tar", "w") as tar:
        for path in sorted(folder.iterdir()):
            archive.write(path, path.name)
            tar.add(path, path.name)
    whole = read(f"folder:{folder}")
    for source in (f"zip:{tmp_path}/photos.zip", f"tar:{tmp_path}/photos.tar"):
        found = read(source)
        assert everything(found) == everything(whole)
        assert found.report["hash"] == whole.report["hash"]


def test_a_webdataset_with_json(tmp_path):
    with tarfile.open(tmp_path / "data.tar", "w") as tar:
        for number in range(12):
            record = {"caption": f"owl number {number}", "zh": f"{number}号猫头鹰"}
            members = {"jpg": painting.encoded(painting.painted(number), "JPEG"), "json": json.dumps(record).encode()}
            for suffix, data in members.items():
                info = tarfile.TarInfo(f"shard/{number:05}.{suffix}")
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
    said = everything(read(f"tar:{tmp_path}/data.tar"))
    assert said["shard/00003.jpg"] == {"en": ["owl number 3"], "zh": ["3号猫头鹰"]}
    (tmp_path / "data.tar.gz").write_bytes(b"\x1f\x8b not a tar")
    with pytest.raises(ZaohuaError, match="damaged"):
        read(f"tar:{tmp_path}/data.tar.gz")


def test_a_table_beside_a_folder_or_an_archive(tmp_path):
    painting.album(tmp_path / "images", 24)
    lines = ["file,en,zh,group"]
    lines += [f"images/{number:04}.png,an owl {number},{number}号猫头鹰,{number // 2}" for number in range(24)]
    lines += [
        "images/0000.png,the first owl,,0",
        "images/9999.png,nothing there,,",
        "images/0001.png,,,",
        "../x.png,out,,",
    ]
    (tmp_path / "pairs.csv").write_text("\n".join(lines), encoding="utf-8")
    found = read(f"csv:{tmp_path}/pairs.csv", validation=0.3)
    said = everything(found)
    assert len(said) == 24
    assert said["images/0000.png"] == {"en": ["an owl 0", "the first owl"], "zh": ["0号猫头鹰"]}
    assert found.report["skipped"] == {"missing": 2}
    groups = [set(side.groups) for side in (found.train, found.validation)]
    assert not groups[0] & groups[1], "a group is on one side"
    with zipfile.ZipFile(tmp_path / "images.zip", "w") as archive:
        for path in (tmp_path / "images").iterdir():
            archive.write(path, path.name)
    assert everything(read(f"csv:{tmp_path}/pairs.csv", validation=0.3)) == said, (
        "the only archive beside it is looked into"
    )


def test_sounds_with_voices(tmp_path):
    for digit in range(3):
        for place, voice in enumerate(("ann", "bob", "cy")):
            for take in range(3):
                wave = sounding.sounded(100 * digit + 10 * place + take)
                (tmp_path / f"{digit}_{voice}_{take}.wav").write_bytes(sounding.encoded(wave))
    (tmp_path / "0_ann_9.wav").write_bytes(sounding.encoded(0 * sounding.sounded(1)))
    settings = {"kind": "sounds", "captions": "classes"}
    apart = read(f"folder:{tmp_path}", **settings)
    assert not set(apart.train.groups) & set(apart.validation.groups)
    assert apart.rate == 8000
    assert apart.report["skipped"] == {"silent": 1}
    assert everything(apart)["2_cy_0.wav"] == {"en": ["two", "2"], "zh": ["二", "2"]}
    assert apart.train.classes[0] in "012"
    mixed = read(f"folder:{tmp_path}", **settings, voices="mixed", unheard="bob", validation=0.2, languages=["zh"])
    assert set(mixed.train.groups) | set(mixed.validation.groups) == {"ann", "cy"}
    assert set(mixed.unheard.groups) == {"bob"}
    assert len(mixed.unheard) == 9
    assert set(mixed.train.captions[0]) == {"zh"}
    assert not any("cannot be told apart" in warning for warning in mixed.report["warnings"]), "they are classes"
    with pytest.raises(UsageError, match="known are ann, bob, cy"):
        read(f"folder:{tmp_path}", **settings, unheard="dan")


def test_seen_looks_at_the_words_of_the_main_caption(tmp_path):
    album(tmp_path)
    found = read(f"folder:{tmp_path}", validation=0.3)
    known = {word for said in found.train.captions for text in said["en"] for word in text.split()}
    for number, said in enumerate(found.validation.captions):
        assert found.seen(number, "en") == (set(said["en"][0].split()) <= known)
        assert not found.seen(number, "zh")


def test_captions_that_several_share_are_counted_and_french_is_suspected(tmp_path):
    for name in album(tmp_path):
        (tmp_path / f"{name}.txt").write_text("le chat est sur la table dans une maison", encoding="utf-8")
    report = read(f"folder:{tmp_path}").report
    assert report["captions"]["shared"] == 19
    assert any("cannot be told apart" in warning for warning in report["warnings"])
    assert any("fr" in warning for warning in report["warnings"])


def test_the_report_in_words_and_the_sheet(tmp_path):
    album(tmp_path / "album")
    found = read(f"folder:{tmp_path / 'album'}")
    said = " ".join(f"{name} {value}" for name, value in rows(found.report).items())
    assert "20 of 20 examples" in said
    write_captioned_sheet(found, tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert len(sheet.convert("L").getcolors()) > 20


def test_wrong_sources_are_one_line(tmp_path):
    album(tmp_path / "album")
    (tmp_path / "no_file.csv").write_text("name,caption\nx,y\n", encoding="utf-8")
    (tmp_path / "no_caption.csv").write_text("file,colour\nalbum/0000.png,y\n", encoding="utf-8")
    (tmp_path / "good.csv").write_text("file,caption\nalbum/0000.png,y\n", encoding="utf-8")
    painting.album(tmp_path / "bare", 3)
    cases = {
        "album": "folder:",
        f"mp3:{tmp_path}": "unknown source of captioned data",
        "folder:/nowhere": "nothing is at",
        f"folder:{tmp_path}/bare": "no pictures with a caption",
        f"csv:{tmp_path}/no_file.csv": "names no file: call a column file",
        f"csv:{tmp_path}/no_caption.csv": "call a column en, zh, caption",
        "builtin:openmoji": "openmoji-names",
        "builtin:moving-emoji": "data.kind=clips",
    }
    for source, says in cases.items():
        with pytest.raises(ZaohuaError, match=says) as caught:
            read(source)
        assert "\n" not in str(caught.value)
    with pytest.raises(ZaohuaError, match="no classes"):
        read(f"folder:{tmp_path}/bare", captions="classes")
    with pytest.raises(UsageError, match=r"data\.files"):
        read(f"csv:{tmp_path}/good.csv", files="tmp")
