"""The engine's options on the command line: what they give, and what they refuse in one line."""

import json
import re

import pytest


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_forms_log_probabilities_and_beams(zaohua, trained, tmp_path, lang):
    common = ("generate", str(trained), "the", "--max-new-tokens", "12", "--json", "--lang", lang)
    [likely] = json.loads(zaohua(*common, "--beams", "3").out)["samples"]
    [greedy] = json.loads(zaohua(*common, "--temperature", "0", "--logprobs", "2", "--speculate", "4").out)["samples"]
    assert len(greedy["logprobs"]) == greedy["tokens"] == 12
    assert all(len(entry["top"]) == 2 and entry["top"][0].items() <= entry.items() for entry in greedy["logprobs"])
    assert len(likely["text"]) == 12
    pytest.importorskip("llguidance", reason="the extra `constraints` is not installed")
    [form] = json.loads(zaohua(*common, "--regex", "[act]{3}").out)["samples"]
    assert re.fullmatch("[act]{3}", form["text"])
    grammar = tmp_path / "g.lark"
    grammar.write_text('start: "cat" | "mat"', encoding="utf-8")
    [form] = json.loads(zaohua(*common, "--grammar", str(grammar)).out)["samples"]
    assert form["text"] in ("cat", "mat")


def test_a_byte_per_weight(zaohua, trained):
    full, rounded = (
        zaohua("generate", str(trained), "the", "--temperature", "0", "--weights", weights)
        for weights in ("full", "int8")
    )
    assert full.code == rounded.code == 0
    assert rounded.out.startswith("the")
    found = json.loads(zaohua("evaluate", str(trained), "--samples", "0", "--weights", "int8", "--json").out)
    delta = found["int8"]["bits_per_byte"] - found["metrics"]["bits_per_byte"]
    assert found["int8"]["delta_bits_per_byte"] == pytest.approx(delta)
    assert 0 < abs(delta) < 0.01
    shown = zaohua("evaluate", str(trained), "--samples", "0", "--weights", "int8", "--lang", "en")
    assert f"{delta:+.4f} against the full weights" in shown.out


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--weights", "int4"), "weights = int4 must be one of full, int8"),
        (("--json-schema", "nowhere.json"), "nowhere.json cannot be read"),
        (("--regex", "a", "--grammar", "{folder}"), "cannot be read"),
        (("--regex", "("), "not well-formed"),
        (("--regex", ""), "empty"),
        (("--logprobs", "2"), "add --json"),
        (("--beams", "0"), "beams = 0 must be from 1"),
        (("--beams", "2", "-n", "3"), "fewer than the 3 texts"),
        (("--beams", "2", "--max-new-tokens", "99999"), "max_new_tokens"),
        (("--beams", "2", "--stop", "a"), "takes no stop"),
        (("--beams", "2", "--top-p", "0.9"), "takes no top_p"),
        (("--speculate", "-1"), "speculate = -1 must be from 0"),
        (("--max-new-tokens", "0"), "max_new_tokens = 0 must be from 1"),
        (("--max-new-tokens", "1000000000000"), "max_new_tokens"),
        (("--temperature", "-1"), "temperature = -1.0 must be 0 or more"),
        (("--stop", ""), "stop string"),
    ],
    ids=str,
)
def test_what_is_refused(zaohua, trained, tmp_path, options, complaint):
    options = [option.format(folder=tmp_path) for option in options]
    answer = zaohua("generate", str(trained), "the", *options, "--lang", "en")
    assert answer.code == 2
    assert complaint in answer.err
    assert len(answer.err.strip().splitlines()) == 1
