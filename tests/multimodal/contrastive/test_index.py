"""The index of a folder: what is looked at again and what is not, what is damaged, and what is found."""

import json
import shutil

import pytest
import small_towers

import zaohua
from zaohua.cli import run
from zaohua.errors import UsageError, ZaohuaError
from zaohua.multimodal.contrastive.index import index_folder
from zaohua.multimodal.contrastive.page import write_page


@pytest.fixture(scope="module")
def model(picture_towers):
    return zaohua.load(picture_towers)


@pytest.fixture
def photos(tmp_path):
    """Ten squares in two folders, a damaged picture, an empty one, and a text."""
    folder = tmp_path / "photos"
    for place in small_towers.PLACES:
        (folder / place).mkdir(parents=True)
        for number, colour in enumerate(small_towers.COLOURS):
            small_towers.square(colour, place, 500 + number).save(folder / place / f"{colour}.png")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff nothing")
    (folder / "empty.png").write_bytes(b"")
    (folder / "notes.txt").write_text("nothing to see", encoding="utf-8")
    return folder


def test_only_what_is_new_or_changed_is_looked_at_again(model, photos, tmp_path):
    place = tmp_path / "index"
    first = index_folder(model, photos, place=place)
    assert len(first.names) == 10
    assert first.looked_at == 13
    assert set(first.skipped) == {"broken.jpg", "empty.png", "notes.txt"}
    assert first.skipped["broken.jpg"] == "malformed"
    written = (place / "files.json").stat().st_mtime_ns
    again = index_folder(model, photos, place=place)
    assert again.looked_at == 0
    assert (place / "files.json").stat().st_mtime_ns == written
    assert (again.names, again.vectors.tolist()) == (first.names, first.vectors.tolist())
    small_towers.square("blue", "top", 1).resize((20, 20)).save(photos / "top" / "red.png")  # now it is blue
    (photos / "top" / "green.png").unlink()
    small_towers.square("red", "top", 2).save(photos / "broken.jpg")  # mended
    changed = index_folder(model, photos, place=place)
    assert changed.looked_at == 2
    assert "top/green.png" not in changed.names
    assert "broken.jpg" in changed.names
    row, old = changed.names.index("top/red.png"), first.names.index("top/red.png")
    assert abs(changed.vectors[row] - first.vectors[old]).max() > 0.01


def test_an_index_of_other_weights_or_a_damaged_one_is_made_anew(model, photos, tmp_path, picture_towers):
    place = tmp_path / "index"
    whole = index_folder(model, photos, place=place)
    other = zaohua.load(picture_towers)
    other.towers.media.project.weight.data.mul_(1.5)
    assert index_folder(other, photos, place=place).looked_at == 13
    for name in ("files.json", "vectors.safetensors"):
        index_folder(model, photos, place=place)
        (place / name).write_bytes(b"{")
        again = index_folder(model, photos, place=place)
        assert again.looked_at == 13
        assert again.vectors.tolist() == whole.vectors.tolist()


def test_a_sentence_in_either_language_finds_its_colour(model, photos, tmp_path):
    index = index_folder(model, photos, place=tmp_path / "index")
    for sentence in ("yellow", "黄色"):
        hits = index.search(model, sentence, 2)
        assert [hit.name.rpartition("/")[2] for hit in hits] == ["yellow.png"] * 2
        assert hits[0].similarity >= hits[1].similarity
    with pytest.raises(UsageError, match="ru"):
        index.search(model, "красный квадрат внизу")


def test_what_cannot_be_searched(model, tmp_path):
    (tmp_path / "notes.txt").write_text("only words", encoding="utf-8")
    with pytest.raises(ZaohuaError, match="pictures"):
        index_folder(model, tmp_path, place=tmp_path / "index")
    with pytest.raises(UsageError):
        index_folder(model, tmp_path / "nowhere")
    with pytest.raises(UsageError):
        write_page(tmp_path / "page.txt", "red", [], "pictures", searched=0)


def test_the_verb(picture_towers, photos, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("ZAOHUA_CACHE", str(tmp_path / "cache"))
    page = tmp_path / "found.html"
    words = ["search", str(picture_towers), str(photos), "red <b>", "-n", "3", "--out", str(page)]
    assert run([*words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found["hits"]) == 3
    assert found["searched"] == 10
    assert found["looked_at"] == 13
    text = page.read_text(encoding="utf-8")
    assert text.count("data:image/png;base64,") == 3
    assert "<b>" not in text
    assert run(words) == 0
    shown = capsys.readouterr()
    assert found["hits"][0]["file"].rpartition("/")[2] in shown.out
    assert "broken.jpg" in shown.err
    assert "notes.txt" not in shown.err
    shutil.rmtree(photos)
    assert run(words) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_sounds_are_searched_too(sound_towers, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("ZAOHUA_CACHE", str(tmp_path / "cache"))
    folder = small_towers.tones(tmp_path / "tones", each=2)
    page = tmp_path / "found.html"
    assert run(["search", str(sound_towers), str(folder), "a high tone", "-n", "2", "--json", "--out", str(page)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert all("/high-" in hit["file"] for hit in found["hits"])
    assert page.read_text(encoding="utf-8").count("<audio") == 2
