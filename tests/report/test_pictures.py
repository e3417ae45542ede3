"""What a source of pictures holds, in words and on the page."""

import json

import pytest
from painting import album

from zaohua.data.picture import CONTACT_SHEET
from zaohua.data.pictures import PictureConfig, read_pictures, write_contact_sheet
from zaohua.i18n import set_language
from zaohua.report.page import render
from zaohua.report.pictures import rows
from zaohua.report.record import read_record

IMAGE = '<img src="data:image/png;base64,'


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_shows_pictures_facts_and_warnings(tmp_path, language):
    set_language(language)
    for number in range(14):
        album(tmp_path / "a" / f"<{number}>", 4, first=4 * number)
    found = read_pictures(PictureConfig(source=f"folder:{tmp_path / 'a'}"), 1)
    run = tmp_path / "run"
    run.mkdir()
    (run / "data.json").write_text(json.dumps(found.report), encoding="utf-8")
    page = render(read_record(run))
    assert IMAGE not in page
    write_contact_sheet(found, run / CONTACT_SHEET)
    page = render(read_record(run))
    assert page.count(IMAGE) == 1
    assert found.report["warnings"][0] in page
    assert "&lt;0&gt; 4" in page, "names are escaped"
    assert "<0>" not in page
    assert any(value.endswith("+ 2") for value in rows(found.report).values()), "twelve classes are named"
    set_language("en")
