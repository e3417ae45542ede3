"""The HTML reports: whole in themselves, in both languages, with sources, and printable."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from zaohua.careers import emerging
from zaohua.careers.pages import page
from zaohua.careers.pages.html import render, write
from zaohua.careers.profile import profile
from zaohua.errors import UsageError
from zaohua.i18n import LANGUAGES, t, using


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_report_is_whole_in_itself(language: str) -> None:
    with using(language):
        shown = page.show(profile("平面设计师"))
        document = render(shown)
    own = re.sub(r"<script>.*?</script>", "", document, flags=re.DOTALL)
    assert not re.search(r"(src|href)=\"", own)
    assert document.count('class="plotly-graph-div"') == 5
    assert f'lang="{"zh-Hans" if language == "zh" else "en"}"' in document
    assert "@media print" in document


@pytest.mark.parametrize("language", LANGUAGES)
def test_new_work_is_drawn_by_year_and_by_growth(language: str) -> None:
    found = emerging.announced()
    with using(language):
        document = render(page.new_work())
        assert t("careers.about_other") in document
    counts = Counter((each.date[:4], each.ai_related) for each in found)
    for about_ai in (True, False):
        bars = [counts[year, about_ai] for year in sorted({year for year, _ in counts})]
        assert f'"y":{json.dumps(bars, separators=(",", ":"))}' in document
    fastest = emerging.growing()
    assert f'"x":{json.dumps([each.change_percent for each in fastest], separators=(",", ":"))}' in document


def test_both_languages_say_the_same() -> None:
    found = {}
    for language in LANGUAGES:
        with using(language):
            shown = page.show(profile("27-1024"))
            found[language] = [
                (len(part.sentences), len(part.lines), len(part.table.rows) if part.table else 0)
                for part in shown.sections
            ]
    assert found["en"] == found["zh"]


def test_every_section_with_figures_names_its_tables_and_their_notices_are_kept() -> None:
    with using("en"):
        shown = page.show(profile("27-1024"))
        assert all(part.tables or part.publications for part in shown.sections[:-1])
        sources = " ".join(shown.sections[-1].lines)
        assert shown.sections[-1].title == t("careers.section_sources")
    for notice in (
        "O*NET 30.1 Database by the U.S. Department of Labor",
        "Tomlinson et al. 2025, CC BY 4.0",
        "MIT License",
    ):
        assert notice in sources
    assert "not been prepared, reviewed or endorsed by the ILO" in sources


def test_text_from_outside_stays_text(tmp_path: Path) -> None:
    with using("en"):
        shown = page.show(profile("<b>graphic</b> designer"))
        write(shown, tmp_path / "report.html")
    assert "<b>graphic" not in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_a_report_goes_into_an_html_file_only(tmp_path: Path) -> None:
    shown = page.new_work()
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "report.txt", tmp_path, tmp_path / "file" / "report.html"):
        with pytest.raises(UsageError):
            write(shown, path)
