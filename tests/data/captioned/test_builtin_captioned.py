"""The built-in sets with captions: what they are called, and that what is said of motion is true."""

import filming
import numpy as np
import pytest
from PIL import Image

from zaohua.data.builtin_captions import emoji_names, moving_captions
from zaohua.data.builtin_clips import emoji_motion, moving_emoji
from zaohua.data.captioned import CaptionedConfig, read_captioned
from zaohua.data.captioned.builtin import builtin_captioned
from zaohua.errors import UsageError, ZaohuaError


def fetched(make):
    """What `make` returns, or a skip where the network is missing."""
    try:
        return make()
    except UsageError:
        raise
    except ZaohuaError as error:
        pytest.skip(str(error))


def test_every_pictogram_has_a_name_in_both_languages_and_variants_are_on_one_side():
    found = fetched(lambda: read_captioned(CaptionedConfig(source="builtin:openmoji-names", size=16), 1))
    captions = [*found.train.captions, *found.validation.captions]
    assert len(captions) == 1629
    assert all(said["en"] and said["zh"] for said in captions)
    assert not {":", "_"} & set("".join(text for said in captions for text in said["zh"]))
    groups = [set(side.groups) for side in (found.train, found.validation)]
    assert not groups[0] & groups[1]
    assert "OpenMoji" in found.report["credit"]
    assert emoji_names("🦉 owl") == {"en": ["owl"], "zh": ["猫头鹰"]}
    assert emoji_names("👇 white down pointing backhand index")["en"][0] == "backhand index pointing down"
    share = sum(found.seen(number, "en") for number in range(len(found.validation))) / len(found.validation)
    assert 0.2 < share < 0.7


@pytest.mark.parametrize("number", range(0, 40))
def test_motions_are_described_as_they_are(number):
    said = fetched(lambda: moving_captions(number, "🦉 owl"))
    english, chinese = said["en"][0].removeprefix("owl "), said["zh"][0].removeprefix("猫头鹰")
    _, places = emoji_motion(number)
    across, down, size, turn = np.array(places).T
    if "slides" in english:
        step = np.array([across[1] - across[0], down[1] - down[0]]) / np.hypot(across[1] - across[0], down[1] - down[0])
        sides = {"right": (1, 0), "left": (-1, 0), "bottom": (0, 1), "top": (0, -1)}
        named = [np.array(towards) for side, towards in sides.items() if side in english]
        named += [np.array(towards) for side, towards in (("upper", (0, -1)), ("lower", (0, 1))) if side in english]
        towards = sum(named) / np.linalg.norm(sum(named))
        assert step @ towards > np.cos(np.pi / 8) - 1e-6, "within an eighth of a turn"
        assert ("右" in chinese, "左" in chinese) == ("right" in english, "left" in english)
        turned = any((np.sign(np.diff(way))[1:] != np.sign(np.diff(way))[:-1]).any() for way in (across, down))
        assert ("bounces" in english) == turned == ("反弹" in chinese)
    elif "turns" in english:
        assert ("anticlockwise" in english) == (turn[1] < turn[0]) == ("逆" in chinese)
    elif "grows" in english:
        assert english.startswith("grows") == (size[1] > size[0])
    else:
        assert ("left" in english, "right" in english) == (across[0] < 0.43, across[0] > 0.57)
        assert np.ptp(across) == 0
        assert np.ptp(down) > 0.3


def test_clockwise_is_clockwise_on_the_screen():
    clips = fetched(lambda: list(moving_emoji()))
    number = 101  # every fourth clip turns
    _, places = emoji_motion(number)
    with clips[number].open(64) as film:
        frames = [np.asarray(frame, np.float32) for _, frame in film.frames]
    step = places[1][3] - places[0][3]
    ground = tuple(frames[0][0, 0].astype(int))
    first = Image.fromarray(frames[0].astype(np.uint8))
    turned = {way: np.asarray(first.rotate(way * step, fillcolor=ground), np.float32) for way in (-1, 1)}
    errors = {way: np.abs(picture - frames[1]).mean() for way, picture in turned.items()}
    assert errors[-1] < errors[1], "Pillow turns anticlockwise, so that a positive step is clockwise"


def test_clips_of_a_folder_keep_their_captions(tmp_path):
    filming.reel(tmp_path, 12)
    for number, path in enumerate(sorted(tmp_path.glob("*.mp4"))):
        path.with_suffix(".txt").write_text(f"a square moves {number}", encoding="utf-8")
    (tmp_path / "broken.mp4").write_bytes(b"no film at all")
    (tmp_path / "broken.txt").write_text("nothing to be seen", encoding="utf-8")
    found = read_captioned(CaptionedConfig(source=f"folder:{tmp_path}", kind="clips", size=16), 1)
    assert found.rate == 10
    assert {clip.shape[1:] for clip in found.train.media} == {(3, 16, 16)}
    assert sum(found.report["skipped"].values()) == 1
    assert found.report["skipped_names"][0][0] == "broken.mp4"
    assert found.train.captions[0]["en"][0].startswith("a square moves")


def test_digits_have_their_names():
    found = fetched(lambda: builtin_captioned("digits", "pictures"))
    assert len(found) == 5000
    for one in found[::499]:
        label = one.medium.label
        assert one.captions["zh"] == ["零一二三四五六七八九"[int(label)], label]
