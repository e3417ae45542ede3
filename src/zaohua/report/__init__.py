"""A run folder as one self-contained page: report.html."""

from pathlib import Path

from zaohua.files import write_atomic
from zaohua.i18n import using
from zaohua.report.record import read_record


def write_report(run_dir: str | Path, language: str | None = None) -> Path:
    """Write run_dir/report.html from whatever the run has left there so far, and return its path.

    language: "en" or "zh"; the language in force if None. A run that was killed, has no samples yet or left a damaged
    line behind still gets its report. Raises NotADirectoryError if run_dir is not a folder.
    """
    from zaohua.report.page import render  # and plotly with it, which those who want a name or a number do not need

    folder = Path(run_dir)
    if not folder.is_dir():
        raise NotADirectoryError(f"{folder} is not a run folder")
    path = folder / "report.html"
    with using(language):
        write_atomic(path, render(read_record(folder)))
    return path
