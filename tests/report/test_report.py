"""The report of whole, unfinished and damaged runs."""

import json
import re
import shlex
from html.parser import HTMLParser

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zaohua.i18n import catalogue, language, using
from zaohua.report import page, write_report
from zaohua.report.html import Html
from zaohua.report.next_steps import commands
from zaohua.report.page import render
from zaohua.report.record import read_record
from zaohua.report.verdict import verdict, warnings


class Seen(HTMLParser):
    """Visible text, ids of sections, and whatever would be fetched from elsewhere."""

    def __init__(self, source):
        super().__init__()
        self.text, self.sections, self.fetched, self.hidden, self.tags = "", [], [], 0, []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.tags.append(tag)
        self.fetched += [value for name, value in attributes.items() if name in ("src", "href")]
        self.hidden += tag in ("script", "style")
        if tag == "section" and "id" in attributes:
            self.sections.append(attributes["id"])

    def handle_endtag(self, tag):
        self.hidden -= tag in ("script", "style")

    def handle_data(self, data):
        if not self.hidden:
            self.text += data


@pytest.fixture(autouse=True)
def light(monkeypatch):
    """Pages without plotly's five megabytes."""
    monkeypatch.setattr(page, "plotly_javascript", lambda: Html("<script>0</script>"))


def seen(folder, chosen="en"):
    return Seen(write_report(folder, chosen).read_text(encoding="utf-8"))


ALL_SECTIONS = ["learning", "samples", "progress", "quality", "overlap", "data", "cost", "next", "recipe"]


def test_a_finished_run_has_every_section(run_folder):
    report = seen(run_folder)
    assert report.sections == ALL_SECTIONS
    for expected in (
        "10.0%",
        "4.500",
        "3-gram",
        "120",
        "1.80 MB",
        "3.21 M",
        "61.0 TFLOP",
        "2 min 43 s",
        "40%",
        "3.41",
        "2 cores",
    ):
        assert expected in report.text
    for expected in ("near-duplicates 3", "utf-8 120", "1.41 M", "168 K", "5,120"):
        assert expected in report.text
    assert "short 0" not in report.text
    assert "zaohua generate runs/example" in report.text


def test_both_languages_say_the_same(run_folder):
    english, chinese = seen(run_folder, "en"), seen(run_folder, "zh")
    assert chinese.sections == english.sections
    assert "困惑度" in chinese.text
    assert "Perplexity" not in chinese.text
    digits = [re.findall(r"\d+\.\d{3}", text) for text in (english.text, chinese.text)]
    assert digits[0] == digits[1] != []


def test_the_chosen_language_is_left_as_it_was(run_folder):
    with using("zh"):
        write_report(run_folder, "en")
        assert language() == "zh"


def test_every_message_is_used_and_filled_in(run_folder):
    for chosen in ("en", "zh"):
        text = seen(run_folder, chosen).text
        assert not re.search(r"report\.[a-z_]+|\{[a-z_]+\}", text)
        assert catalogue(chosen, "report").keys() == catalogue("en", "report").keys()


def test_what_the_model_wrote_is_text_not_markup(run_folder):
    hostile = "</p><script>alert(1)</script><img src=x onerror=alert(2)>"
    path = run_folder / "samples" / "step-000030.json"
    path.write_text(json.dumps({"step": 30, "samples": [{"prompt": "<i>", "text": hostile}]}), encoding="utf-8")
    (run_folder / "recipe.toml").write_text(f'task = "{hostile}"', encoding="utf-8")
    report = seen(run_folder)
    assert hostile in report.text
    assert not {"img", "i"} & set(report.tags)
    assert "to</b> pass" in report.text  # an earlier step's sample, shown as it was written


def test_commands_are_ready_to_paste(run_folder):
    """The folder as the recipe names it and the prompt as it was given, whatever characters they hold."""
    recipe = run_folder / "recipe.toml"
    recipe.write_text(recipe.read_text().replace("runs/example", "my runs/it's"), encoding="utf-8")
    sample = run_folder / "samples" / "step-000030.json"
    sample.write_text(json.dumps({"step": 30, "samples": [{"prompt": "say `$HOME`", "text": "x"}]}), encoding="utf-8")
    shown = [shlex.split(command) for _, command in commands(read_record(run_folder))]
    assert ["zaohua", "generate", "my runs/it's", "say `$HOME`"] in shown
    assert ["zaohua", "train", "my runs/it's/recipe.toml", "train.steps=80", "run.dir=my runs/it's-2"] in shown


def test_it_needs_nothing_from_elsewhere(run_folder, monkeypatch):
    monkeypatch.undo()  # the real library this time
    source = write_report(run_folder, "en").read_text(encoding="utf-8")
    report = Seen(source)
    assert report.fetched == []
    assert "link" not in report.tags
    assert len(source) > 1_000_000
    assert source.count('id="chart-loss"') == 1
    assert "alert" not in report.text


def test_the_same_run_gives_the_same_page(run_folder):
    record = read_record(run_folder)
    assert render(record) == render(record)


# ---- runs that did not end well


def test_an_empty_folder_has_a_report(tmp_path):
    report = seen(tmp_path)
    assert report.sections == ["next"]
    assert "not reached its first evaluation" in report.text


def test_a_file_is_not_a_run(tmp_path):
    (tmp_path / "x").write_text("")
    with pytest.raises(NotADirectoryError):
        write_report(tmp_path / "x")


def test_a_killed_run_says_so_and_how_to_go_on(run_folder):
    (run_folder / "summary.json").unlink()
    with (run_folder / "metrics.jsonl").open("a") as file:
        file.write('{"step": 31, "kind": "tr')
    report = seen(run_folder)
    assert "has not come to its end" in report.text
    assert "step 30" in report.text
    assert "--resume" in report.text
    assert "4.500" in report.text


def test_the_newest_state_knows_the_command_that_goes_on(run_folder):
    (run_folder / "summary.json").unlink()
    for step, command in ((10, "zaohua train a --resume"), (20, "zaohua train 'b c' x=1 --resume")):
        state = run_folder / "state" / f"step-{step:08d}"
        state.mkdir(parents=True)
        (state / "trainer.json").write_text(json.dumps({"resume_command": command}), encoding="utf-8")
    assert "zaohua train 'b c' x=1 --resume" in [command for _, command in commands(read_record(run_folder))]
    (state / "trainer.json").write_text('{"resume_command": 1}', encoding="utf-8")
    assert "zaohua train RECIPE --resume" in [command for _, command in commands(read_record(run_folder))]


def test_lines_of_a_step_that_was_run_again_count_once(run_folder):
    again = {"step": 20, "kind": "eval", "loss": 4.75, "perplexity": 1.0, "bits_per_byte": 1.0}
    with (run_folder / "metrics.jsonl").open("a") as file:
        file.write(json.dumps(again) + "\n")
    assert [line["loss"] for line in read_record(run_folder).evals] == [6.0, 4.75, 4.5]


@pytest.mark.parametrize("missing", ["samples", "metrics.jsonl", "data.json", "summary.json", "recipe.toml"])
def test_any_piece_may_be_missing(run_folder, missing):
    path = run_folder / missing
    path.rename(run_folder / "away")
    assert "next" in seen(run_folder).sections


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 10**12) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


def paths(value, before=()):
    """The place of every value in a JSON document."""
    yield before
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from paths(inner, (*before, key))


def replaced(value, path, new):
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), junk=JSON)
def test_any_value_of_any_file_may_be_nonsense(run_folder, data, junk):
    name = data.draw(st.sampled_from(["data.json", "summary.json", "metrics.jsonl", "samples/step-000030.json"]))
    file = run_folder / name
    original = file.read_text(encoding="utf-8")
    try:
        if name.endswith(".jsonl"):
            first, *rest = original.splitlines()
            whole = json.loads(first)
            line = replaced(whole, data.draw(st.sampled_from(list(paths(whole)))), junk)
            file.write_text("\n".join([json.dumps(line), *rest]), encoding="utf-8")
        else:
            whole = json.loads(original)
            changed = replaced(whole, data.draw(st.sampled_from(list(paths(whole)))), junk)
            file.write_text(json.dumps(changed), encoding="utf-8")
        assert "</html>" in render(read_record(run_folder))
    finally:
        file.write_text(original, encoding="utf-8")


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(0, 400), name=st.sampled_from(["data.json", "summary.json", "metrics.jsonl", "recipe.toml"]))
def test_any_file_may_be_cut_short(run_folder, cut, name):
    file = run_folder / name
    original = file.read_bytes()
    file.write_bytes(original[:cut] + b"\xff")
    try:
        assert "</html>" in render(read_record(run_folder))
    finally:
        file.write_bytes(original)


# ---- the verdict


@pytest.mark.parametrize(
    ("ngram", "kind", "share"), [(5.0, "beats", "10.0%"), (4.51, "level", "0.2%"), (4.0, "loses", "12.5%")]
)
def test_the_verdict_follows_the_numbers(run_folder, ngram, kind, share):
    path = run_folder / "summary.json"
    summary = json.loads(path.read_text())
    summary["baselines"]["ngram"]["loss"] = ngram
    path.write_text(json.dumps(summary))
    with using("en"):
        found, sentence = verdict(read_record(run_folder))
    assert found == kind
    assert (share in sentence) == (kind != "level")


def test_without_a_baseline_there_is_no_verdict(run_folder):
    (run_folder / "summary.json").unlink()
    assert verdict(read_record(run_folder))[0] == "unknown"


def test_overfitting_is_told_and_the_best_numbers_are_shown(run_folder):
    path = run_folder / "metrics.jsonl"
    path.write_text(path.read_text().replace('"eval", "loss": 5.0', '"eval", "loss": 4.0'))
    record = read_record(run_folder)
    with using("en"):
        assert record.best["step"] == 20
        assert "lowest at step 20" in " ".join(warnings(record))
        assert any("model.dropout" in command for _, command in commands(record))
    assert "4.000" in seen(run_folder).text


@pytest.mark.parametrize(("budget", "doubled"), [("steps = 40", "steps=80"), ("minutes = 2.5", "minutes=5.0")])
def test_a_longer_run_doubles_the_budget_it_had(run_folder, budget, doubled):
    path = run_folder / "recipe.toml"
    path.write_text(path.read_text().replace("steps = 40", budget))
    longer = f"zaohua train runs/example/recipe.toml train.{doubled} run.dir=runs/example-2"
    assert longer in [command for _, command in commands(read_record(run_folder))]
