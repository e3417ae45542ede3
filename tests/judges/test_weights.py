"""Weights: named by their numbers, opened without running anything, refused when they are others."""

import hashlib
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from zaohua.errors import ZaohuaError
from zaohua.i18n import set_language
from zaohua.judges import weights


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    set_language("en")
    monkeypatch.setenv("ZAOHUA_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_digest_is_of_names_types_shapes_and_numbers():
    state = {"a": torch.arange(6.0).view(2, 3), "b": torch.ones(1, dtype=torch.float16)}
    same = {"b": state["b"].clone(), "a": state["a"].t().contiguous().t(), "n.num_batches_tracked": torch.tensor(7)}
    assert weights.digest(same) == weights.digest(state)
    for other in (
        {**state, "a": state["a"] + 1e-6 * torch.eye(2, 3)},
        {**state, "a": state["a"].view(3, 2)},
        {**state, "b": state["b"].bfloat16()},
        {"a": state["a"], "c": state["b"]},
    ):
        assert weights.digest(other) != weights.digest(state)


def test_a_known_pickle_is_converted_once_and_made_again_if_changed(tmp_path: Path, own_cache: Path):
    source, state = tmp_path / "w.pth", {"x": torch.arange(3.0)}
    torch.save(state, source)
    wanted = weights.digest(state)
    assert torch.equal(weights.from_pickle(source, sha256(source), wanted)["x"], state["x"])
    (cached,) = (own_cache / "judges").iterdir()
    save_file({"x": torch.zeros(3)}, cached)  # damaged behind our back
    assert torch.equal(weights.from_pickle(source, sha256(source), wanted)["x"], state["x"])
    assert torch.equal(load_file(cached)["x"], state["x"])
    pinned = sha256(source)
    source.unlink()
    assert torch.equal(weights.from_pickle(source, pinned, wanted)["x"], state["x"])


class Trap:
    """What a harmful file would hold: a call made while it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.parametrize("change", ["another file", "harmful"])
def test_an_unknown_or_harmful_pickle_is_not_opened(change: str, tmp_path: Path, own_cache: Path):
    source, sprung = tmp_path / "w.pth", tmp_path / "sprung"
    torch.save({"x": Trap(sprung)}, source)
    pinned = "0" * 64 if change == "another file" else sha256(source)
    with pytest.raises(ZaohuaError, match="could not be read") as caught:
        weights.from_pickle(source, pinned, None)
    assert "\n" not in str(caught.value)
    assert not sprung.exists()
    assert not list(own_cache.rglob("*.*"))


def test_weights_of_another_network_are_refused():
    module = torch.nn.Linear(2, 3)
    for state in ({"weight": torch.zeros(3, 2)}, {"weight": torch.zeros(2, 2), "bias": torch.zeros(3)}):
        with pytest.raises(ZaohuaError, match="another network"):
            weights.fill(module, state, "w")
    assert weights.fill(module, {"weight": torch.ones(3, 2).half(), "bias": torch.zeros(3)}, "w").weight.sum() == 6


def test_a_damaged_file_says_so_in_one_line(tmp_path: Path):
    (tmp_path / "w.safetensors").write_bytes(b"no tensors")
    with pytest.raises(ZaohuaError, match="cannot be read"):
        weights.read(tmp_path / "w.safetensors")
