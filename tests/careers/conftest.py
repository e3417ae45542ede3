import pytest

from zaohua.careers.exposure import meaning


@pytest.fixture(autouse=True)
def words_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests say the same whether or not the sentence encoder has been fetched; those of it turn it on."""
    monkeypatch.setattr(meaning, "is_here", lambda: False)
