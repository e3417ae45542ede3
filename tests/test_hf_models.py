"""Models by name: a server of our own in the place of the Hugging Face hub, and none at all."""

import hashlib
import http.server
import json
import threading
from pathlib import Path

import pytest
from test_hub import save

from zaohua import hub
from zaohua.errors import UsageError, ZaohuaError
from zaohua.hf_models import Place

COMMITS = {"main": "a" * 40, "v1": "b" * 40}


class FakeHub(http.server.BaseHTTPRequestHandler):
    """The few answers of the hub that fetching takes: what a revision holds, and its files."""

    files: dict[str, bytes]
    asked: list[str]

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        path = self.path.partition("?")[0]
        self.asked.append(path)
        prefix = "/api/models/someone/small"
        if path.startswith("/api/models/someone/closed"):
            return self.answer(403, headers={"X-Error-Code": "GatedRepo"})
        if path == prefix or path.startswith(f"{prefix}/revision/"):
            revision = path.rpartition("/")[2] if path != prefix else "main"
            if revision not in (*COMMITS, *COMMITS.values()):
                return self.answer(404, headers={"X-Error-Code": "RevisionNotFound"})
            siblings = [{"rfilename": name} for name in self.files]
            sha = COMMITS.get(revision, revision)
            return self.answer(200, json.dumps({"id": "someone/small", "sha": sha, "siblings": siblings}).encode())
        if path.startswith(f"{prefix}/tree/"):
            tree = [
                {"type": "file", "path": name, "size": len(content), "oid": hashlib.sha1(content).hexdigest()}
                for name, content in self.files.items()
            ]
            return self.answer(200, json.dumps(tree).encode())
        if path.startswith("/someone/small/resolve/"):
            commit, _, name = path.removeprefix("/someone/small/resolve/").partition("/")
            content = self.files[name]
            oid = hashlib.sha1(content).hexdigest()
            return self.answer(200, content, {"ETag": f'"{oid}"', "X-Repo-Commit": COMMITS.get(commit, commit)})
        return self.answer(404, headers={"X-Error-Code": "RepoNotFound"})

    def answer(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *_arguments):
        """Say nothing."""


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A hub with one model, which brings much that is not wanted; the address of no real one is known."""
    model = save(tmp_path / "model", 1)
    FakeHub.files = {path.name: path.read_bytes() for path in model.iterdir()} | {
        "modeling.py": b"raise SystemExit('never run')",
        "pytorch_model.bin": b"never opened",
        "onnx/model.safetensors": b"for others",
        "consolidated.safetensors": b"the same again",
    }
    FakeHub.asked = []
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), FakeHub) as made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        point_at(monkeypatch, f"http://127.0.0.1:{made.server_port}", tmp_path / "cache")
        yield model
        made.shutdown()


def point_at(monkeypatch, address: str, cache: Path) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", address)
    monkeypatch.setattr("huggingface_hub.hf_api.ENDPOINT", address, raising=False)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", address + "/{repo_id}/resolve/{revision}/{filename}")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)


@pytest.mark.parametrize("name", ["someone/small", "hf:someone/small", "someone/small@v1"])
def test_a_model_is_fetched_with_nothing_but_what_it_takes(name, server, tmp_path):
    model = hub.load(name)
    assert model.name == "someone/small"
    assert model.generate("once", max_new_tokens=4, temperature=0)[0].text == (
        hub.load(server).generate("once", max_new_tokens=4, temperature=0)[0].text
    )
    fetched = {path.name for path in (tmp_path / "cache").rglob("snapshots/*/*")}
    assert fetched == {path.name for path in server.iterdir()} - {"README.md"}
    assert not any("onnx" in asked or asked.endswith((".py", ".bin")) for asked in FakeHub.asked)


def test_a_revision_is_what_was_asked_for(server, tmp_path):
    hub.load("someone/small", revision="v1")
    assert [path.name for path in (tmp_path / "cache").rglob("snapshots/*")] == [COMMITS["v1"]]
    with pytest.raises(ZaohuaError, match=r"no revision v9"):
        hub.load("someone/small", revision="v9")
    with pytest.raises(UsageError, match=r"leave revision out"):
        hub.load(server, revision="v1")


def test_a_local_folder_comes_first(server, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save(tmp_path / "someone" / "small", 2)
    assert hub.load("someone/small").name == "small"
    assert not FakeHub.asked


def test_a_file_of_a_repository_is_named(server):
    FakeHub.files = {"small.Q8_0.gguf": b"GGUF", "small.F16.gguf": b"GGUF", "README.md": b""}
    with pytest.raises(UsageError, match=r"someone/small/FILE.gguf, of small.F16.gguf, small.Q8_0.gguf"):
        hub.load("someone/small")
    with pytest.raises(ZaohuaError, match=r"no file other.gguf; its GGUF files: small.F16"):
        hub.load("someone/small/other.gguf")
    found, name = hub.locate("someone/small/small.F16.gguf")
    assert (found.read_bytes(), name) == (b"GGUF", "someone/small")


def test_all_parts_of_a_split_file_come_along(server):
    parts = {f"big-{number:05d}-of-00002.gguf" for number in (1, 2)}
    FakeHub.files = dict.fromkeys((*parts, "big-00001-of-00003.gguf", "small.gguf"), b"GGUF")
    found, _ = hub.locate("someone/small/big-00001-of-00002.gguf")
    assert found.name == "big-00001-of-00002.gguf"
    assert {path.name for path in found.parent.iterdir()} == parts


def test_what_was_fetched_is_there_without_a_connection(server, tmp_path, monkeypatch):
    hub.load("someone/small")
    point_at(monkeypatch, "http://127.0.0.1:9", tmp_path / "cache")
    assert hub.load("someone/small").name == "someone/small"


@pytest.mark.parametrize(
    ("name", "words"),
    [("someone/nothing", "no model of that name"), ("someone/closed", "accept its terms: .*hf auth login")],
)
def test_what_cannot_be_had(name, words, server):
    with pytest.raises(ZaohuaError, match=words) as caught:
        hub.load(name)
    assert "\n" not in str(caught.value)


def test_no_connection_is_one_line(tmp_path, monkeypatch):
    point_at(monkeypatch, "http://127.0.0.1:9", tmp_path)
    with pytest.raises(ZaohuaError, match=r"cannot be fetched .*refused.*hf download someone/small") as caught:
        hub.load("someone/small")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("org/name", Place("org/name")),
        ("hf:org/name@main", Place("org/name", None, "main")),
        ("org/name@refs/pr/3", Place("org/name", None, "refs/pr/3")),
        ("org/na-me.v1/m.Q4_K_M.gguf@v2", Place("org/na-me.v1", "m.Q4_K_M.gguf", "v2")),
        ("./org/name", None),
        ("/org/name", None),
        ("runs/a/b", None),
        ("name", None),
        ("../name", None),
    ],
)
def test_names(text, place):
    assert Place.parse(text) == place
