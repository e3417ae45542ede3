"""Labels in every format: written, read back, replaced, seen by other readers; content untouched; junk survived."""

import io
import json
import re

import av
import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from zaohua import labels
from zaohua.artifacts import Audio, Image, Text, Video
from zaohua.errors import ZaohuaError
from zaohua.labels import FORMATS, Provenance, xmp
from zaohua.labels.provenance import SOURCE_TYPE

FIRST = Provenance(produce_id="abc123", model="小说 A & <B>", created="2026-01-02T03:04:05Z")
SECOND = Provenance(produce_id="z", model="", created="2027-01-01T00:00:00Z", producer="other")
PIXELS = np.random.default_rng(0).integers(0, 256, (13, 17, 3), dtype=np.uint8)
SAMPLES = np.sin(np.arange(30_000) / 9).astype(np.float32) / 2
PICTURES, SOUNDS = (".png", ".jpg", ".jpeg", ".webp", ".gif"), (".wav", ".mp3", ".flac", ".ogg")


def unlabelled(suffix: str) -> bytes:
    """A small file of this format as another program would write it."""
    target = io.BytesIO()
    if suffix in PICTURES:
        kind = {".jpg": "JPEG", ".jpeg": "JPEG"}.get(suffix, suffix[1:].upper())
        Pillow.fromarray(PIXELS).save(target, kind)
    elif suffix in SOUNDS:
        soundfile.write(target, SAMPLES, 16_000, format=suffix[1:].upper())
    elif suffix == ".mp4":
        return Video(frames=np.stack([PIXELS] * 5))._encode(".mp4")
    else:
        return Text(text="一行\nand another\n")._encode(suffix)
    return target.getvalue()


def content(data: bytes, suffix: str):
    """What a reader of this format shows or plays."""
    if suffix in PICTURES:
        return np.asarray(Pillow.open(io.BytesIO(data)).convert("RGB")).tolist()
    if suffix in SOUNDS:
        return soundfile.read(io.BytesIO(data))[0].tolist()
    if suffix == ".mp4":
        with av.open(io.BytesIO(data)) as container:
            return [frame.to_ndarray().tolist() for frame in container.decode(video=0)]
    return None


@pytest.mark.parametrize("suffix", FORMATS)
def test_round_trip_replacement_and_content(suffix, tmp_path):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(unlabelled(suffix))
    before = content(path.read_bytes(), suffix)
    assert labels.read(path) is None
    labels.mark(path, FIRST)
    once, found = path.read_bytes(), labels.read(path)
    assert found == FIRST
    labels.mark(path, SECOND)
    assert labels.read(path) == SECOND
    assert b"abc123" not in path.read_bytes()  # exactly one copy
    labels.mark(path, FIRST)
    assert path.read_bytes() == once
    assert content(once, suffix) == before


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_pillow_sees_the_label_in_pictures(suffix, channels, tmp_path):
    path = Image(pixels=np.zeros((6, 7, channels), np.uint8), model="m").save(tmp_path / f"a{suffix}")
    with Pillow.open(path) as opened:
        opened.load()
        packet = opened.info["xmp"]
        assert opened.size == (7, 6)
        assert opened.mode == ("RGBA" if channels == 4 and suffix != ".jpg" else opened.mode)
    inner = json.loads(re.search(rb"<TC260:AIGC>(.*)</TC260:AIGC>", packet)[1])
    assert inner["Label"] == "1"
    assert inner["ContentProducer"] == inner["ContentPropagator"] == "zaohua"
    assert inner["ProduceID"] == inner["PropagateID"]
    assert all(re.fullmatch(r"[\x21\x23-\x5b\x5d-\x7e]*", value) for value in inner.values())
    assert SOURCE_TYPE.encode() in packet


def test_lossless_webp_keeps_its_pixels(tmp_path):
    Pillow.fromarray(PIXELS).save(tmp_path / "a.webp", lossless=True)
    labels.mark(tmp_path / "a.webp", FIRST)
    assert np.array_equal(np.asarray(Pillow.open(tmp_path / "a.webp")), PIXELS)


def test_gif_keeps_frames_and_loop_and_pillow_sees_the_extension(tmp_path):
    path = Video(frames=np.stack([PIXELS, PIXELS[::-1], PIXELS])).save(tmp_path / "a.gif")
    with Pillow.open(path) as opened:
        assert opened.n_frames == 3
        assert opened.info["loop"] == 0
        opened.seek(0)
        assert opened.info["extension"][0] == b"XMP DataXMP"


@pytest.mark.parametrize("suffix", [*SOUNDS, ".mp4"])
def test_ffmpeg_sees_the_label_in_sound_and_film(suffix, tmp_path):
    artifact = Video(frames=np.stack([PIXELS] * 3)) if suffix == ".mp4" else Audio(samples=SAMPLES, rate=16_000)
    with av.open(str(artifact.save(tmp_path / f"a{suffix}"))) as container:
        tags = {**container.metadata, **container.streams[0].metadata}
    assert json.loads(tags["AIGC"])["AIGC"]["Label"] == "1"
    assert tags["DigitalSourceType"] == SOURCE_TYPE


def test_long_ogg_headers_take_more_pages(tmp_path):
    """A comment of 70,000 bytes needs a page more, and the later pages new numbers; then one less again."""
    path = tmp_path / "a.ogg"
    path.write_bytes(unlabelled(".ogg"))
    labels.mark(path, Provenance(produce_id="x" * 70_000, model="m", created="2026-01-01T00:00:00Z"))
    assert labels.read(path).produce_id == "x" * 70_000
    counts = []
    for file in (path, io.BytesIO(unlabelled(".ogg"))):  # ffmpeg checks numbers and sums
        with av.open(file) as container:
            counts.append(sum(frame.samples for frame in container.decode(audio=0)))
    assert counts[0] == counts[1] > 29_000
    assert content(path.read_bytes(), ".ogg") == content(unlabelled(".ogg"), ".ogg")
    labels.mark(path, FIRST)
    assert content(path.read_bytes(), ".ogg") == content(unlabelled(".ogg"), ".ogg")
    assert labels.read(path) == FIRST


def test_text_says_it_in_words(tmp_path):
    last = Text(text="hello").save(tmp_path / "a.txt").read_text(encoding="utf-8").splitlines()[-1]
    assert "人工智能生成" in last
    assert "AI-generated" in last


def test_markdown_keeps_other_front_matter(tmp_path):
    path = tmp_path / "a.md"
    path.write_text("---\ntitle: Mine\n---\nbody\n")
    labels.mark(path, FIRST)
    labels.mark(path, SECOND)
    text = path.read_text(encoding="utf-8")
    assert text.startswith("---\ntitle: Mine\n")
    assert text.endswith("---\nbody\n")
    assert text.count("AIGC:") == 1
    assert labels.read(path) == SECOND


def test_html_label_is_in_the_head_and_escaped(tmp_path):
    path = Text(text="x").save(tmp_path / "a.html")
    labels.mark(path, FIRST)
    text = path.read_text(encoding="utf-8")
    assert text.index("<head>") < text.index('<meta name="AIGC"') < text.index("</head>")
    assert "<B>" not in text


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize("as_attribute", [False, True])
def test_reads_both_forms_others_write(wrapped, as_attribute):
    inner = json.dumps({"AIGC": FIRST.aigc()} if wrapped else FIRST.aigc())
    space = 'xmlns:TC260="http://www.tc260.org.cn/ns/AIGC/1.0/"'
    escaped = inner.replace('"', "&quot;")
    body = (
        f'{space} TC260:AIGC="{escaped}"/>'
        if as_attribute
        else f"{space}><TC260:AIGC>{inner}</TC260:AIGC></r:Description>"
    )
    packet = f'<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><r:Description {body}</r:RDF>'
    assert xmp.parse(packet.encode()).produce_id == "abc123"


def test_no_entity_is_expanded():
    bomb = b'<!DOCTYPE a [<!ENTITY b "' + b"x" * 100 + b'">]>' + xmp.packet(FIRST)
    assert xmp.parse(bomb) is None


@pytest.mark.parametrize("value", ["has space", 'quote"', "back\\slash", "中文"])
def test_characters_the_standard_forbids(value, tmp_path):
    for suffix in (".txt", ".png", ".wav"):
        path = tmp_path / f"a{suffix}"
        path.write_bytes(unlabelled(suffix))
        with pytest.raises(ValueError, match="ProduceID"):
            labels.mark(path, Provenance(produce_id=value))
        assert path.read_bytes() == unlabelled(suffix)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(FORMATS)), st.data())
def test_damaged_files_are_read_without_harm(suffix, data):
    """Cut anywhere, changed anywhere: reading gives a label or None, never another exception."""
    marked = bytearray(FORMATS[suffix].embed(SAMPLES_BY_SUFFIX[suffix], suffix, FIRST))
    for place in data.draw(st.lists(st.integers(0, min(2000, len(marked) - 1)), max_size=5)):
        marked[place] = data.draw(st.integers(0, 255))
    cut = bytes(marked[: data.draw(st.integers(0, len(marked)))])
    found = FORMATS[suffix].extract(cut, suffix)
    assert found is None or isinstance(found, Provenance)


SAMPLES_BY_SUFFIX = {suffix: unlabelled(suffix) for suffix in FORMATS}


def test_a_picture_of_no_width_has_no_label():
    """A WebP file whose first chunk is damaged: 0 pixels less 1 fit into no header."""
    marked = bytearray(FORMATS[".webp"].embed(SAMPLES_BY_SUFFIX[".webp"], ".webp", FIRST))
    marked[12] = 0  # the name of the first chunk
    assert FORMATS[".webp"].extract(bytes(marked), ".webp") is None


def test_a_tag_that_is_no_text_harms_no_film():
    marked = FORMATS[".mp4"].embed(SAMPLES_BY_SUFFIX[".mp4"], ".mp4", FIRST)
    assert b"isom" in marked
    damaged = marked.replace(b"isom", b"\xff\x9dom")  # the brand, which comes back as a tag
    assert FORMATS[".mp4"].extract(damaged, ".mp4") == FIRST


def test_unknown_formats_and_missing_files(tmp_path):
    with pytest.raises(ZaohuaError, match=r"\.png"):
        labels.read(tmp_path / "a.bmp")
    with pytest.raises(ZaohuaError, match="cannot read"):
        labels.read(tmp_path / "a.png")
