"""The built-in sets of pictures."""

import numpy as np
import pytest
from PIL import Image

from zaohua.data import builtin, builtin_pictures
from zaohua.data.pictures import PictureConfig, Pictures, read_pictures, write_contact_sheet
from zaohua.data.sources import documents
from zaohua.errors import UsageError, ZaohuaError


def fetched(name: str, **settings) -> Pictures:
    """A set from the network, or a skip where there is none."""
    try:
        return read_pictures(PictureConfig(source=f"builtin:{name}", **settings), 1)
    except UsageError:
        raise
    except ZaohuaError as error:
        pytest.skip(str(error))


def test_digits(shared_data):
    found = fetched("digits", fit="pad", background=(0, 0, 0))
    assert found.classes == tuple("0123456789")
    assert len(found.train) + len(found.validation) == builtin.SETS["digits"].documents
    assert found.train.shape[1:] == (1, 32, 32)
    # They are pictures of MNIST, with the same labels.
    from zaohua.data.readers.idx import read_idx

    folder = shared_data / "images" / "mnist"
    pixels = read_idx(folder / "train-images-idx3-ubyte.gz")
    known = {p.tobytes(): n for p, n in zip(pixels, read_idx(folder / "train-labels-idx1-ubyte.gz"), strict=True)}
    inner = np.ascontiguousarray(found.validation[:, 0, 2:-2, 2:-2].numpy())
    assert [known[row.tobytes()] for row in inner] == found.validation_labels.tolist()


def test_openmoji(tmp_path):
    found = fetched("openmoji")
    names = found.train_names + found.validation_names
    assert "🐼 panda face" in names
    assert not any("\U0001f1e6" <= name[0] <= "\U0001f1ff" for name in names), "no flags of countries"
    assert len(found.classes) == 8
    assert found.train.shape[1:] == (4, 32, 32)
    alpha = found.train[:, 3]
    assert (alpha.amax(dim=(1, 2)) > 200).all(), "none is empty"
    edges = np.stack([alpha[:, 0], alpha[:, -1], alpha[:, :, 0], alpha[:, :, -1]])
    assert (edges > 200).any(axis=(0, 2)).mean() < 0.1, "few touch the border: nothing is cut off"
    sides = [{name.split(" ", 1)[1] for name in side} for side in (found.train_names, found.validation_names)]
    for name in [name for name in sides[1] if name.startswith("woman ")]:
        assert name.replace("woman ", "man ", 1) not in sides[0], "drawn alike, on one side"
    path = tmp_path / "sheet.png"
    write_contact_sheet(found, path)
    with Image.open(path) as sheet:
        assert "CC BY-SA 4.0" in sheet.text["Copyright"]


def test_kinds_of_openmoji():
    """The same pictures in finer classes."""
    kinds, whole = (fetched(name, channels=3) for name in ("openmoji-kinds", "openmoji"))
    assert kinds.train_names + kinds.validation_names == whole.train_names + whole.validation_names
    assert 40 < len(kinds.classes) < 100
    found = dict(zip(kinds.train_names, kinds.train_labels.tolist(), strict=True))
    of = {name.split(" ", 1)[1]: kinds.classes[label] for name, label in found.items()}
    assert sum(kind == "heart" for name, kind in of.items() if "heart" in name) > 15
    assert not {"face-tongue", "face-hat", "hand-prop"} & set(kinds.classes), "small ones are joined"


def test_small_subgroups_are_joined_by_their_first_word_and_then_as_others():
    many, few = [builtin_pictures._FEWEST, builtin_pictures._FEWEST - 1]
    given = ["face-glad"] * many + ["hand-open"] * few + ["hand-closed"] * 1 + ["lock"] * 2 + ["key-hole"] * 1
    found = builtin_pictures.joined(given)
    assert found == ["face-glad"] * many + ["hand"] * (few + 1) + ["other"] * 3


def test_texts_and_pictures_are_told_apart():
    with pytest.raises(UsageError, match="set of texts"):
        list(documents("builtin:openmoji"))
    with pytest.raises(UsageError, match="set of pictures"):
        read_pictures(PictureConfig(source="builtin:king-james"), 1)


def test_openmoji_before_it_is_coloured():
    """Line art has the same names, the same lines, and nothing but black and white."""
    lines, colours = (fetched(name, channels=3) for name in ("openmoji-lines", "openmoji"))
    one, other = (dict(zip(kind.train_names, kind.train, strict=True)) for kind in (lines, colours))
    common = sorted(one.keys() & other.keys())
    assert len(common) > 1000
    spread = [(one[name].amax(0).int() - one[name].amin(0).int()).max().item() for name in common]
    assert max(spread) == 0, "no colours"
    drawn = np.array([(one[name][0] < 128).float().mean().item() for name in common])
    kept = np.array([((one[name][0] < 64) & (other[name].amax(0) > 100)).float().mean().item() for name in common])
    assert np.mean(drawn > 0.01) > 0.95
    assert kept.mean() < 0.002, "what is black before is black after"
