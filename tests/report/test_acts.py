"""Further acts of a journey in the report, and what a picture run came nearest to."""

from painting import painted

from zaohua.report.acts import acts
from zaohua.report.record import read_record
from zaohua.report.sections import nearest


def test_each_further_act_shows_its_newest_sheet_and_leads_to_its_report(tmp_path):
    assert acts(read_record(tmp_path)) is None
    act = tmp_path / "pictures"
    (act / "samples").mkdir(parents=True)
    (act / "recipe.toml").write_text('task = "gan-image"', encoding="utf-8")
    assert acts(read_record(tmp_path)) is None  # nothing was made yet
    for step in (10, 20):
        painted(step).save(act / "samples" / f"step-{step:08d}-0.png")
    page = acts(read_record(tmp_path))
    assert page.count("<img") == 1
    assert 'href="pictures/report.html"' in page


def test_the_nearest_pictures_are_shown_where_there_are_any(tmp_path):
    assert nearest(read_record(tmp_path)) is None
    painted(1).save(tmp_path / "nearest.png")
    assert "<img" in nearest(read_record(tmp_path))


def test_what_was_made_without_a_run_is_shown_with_its_page(tmp_path):
    made = tmp_path / "media"
    made.mkdir()
    (made / "page.html").write_text("<p>", encoding="utf-8")
    painted(1).save(made / "drawn.png")
    page = acts(read_record(tmp_path))
    assert page.count("<img") == 1
    assert 'href="media/page.html"' in page
