"""Models that do not lie in their run."""

from pathlib import Path

import pytest

from zaohua.errors import ZaohuaError
from zaohua.language.text_measure import evaluate_folder


@pytest.mark.parametrize("parts", [(), ("model",), ("far", "away", "model")])
def test_a_folder_away_from_its_run_is_told_in_one_line_wherever_it_lies(tmp_path, parts):
    for top in (Path(tmp_path.anchor), tmp_path):
        with pytest.raises(ZaohuaError) as caught:
            evaluate_folder(top.joinpath(*parts), None)
        assert "\n" not in str(caught.value)
