"""The model card: valid front matter, every number that is known, none that is private."""

from huggingface_hub import ModelCard

from zaohua.language.card import model_card

DATA = {
    "documents": 12345,
    "languages": {"zh": 900, "en": 100, "other": 5},
    "encodings": {"gb18030": 3},
    "skipped": {},
    "skipped_names": [["private/diary.pdf", "unreadable", ""]],
    "near_duplicates": [["secret-a.txt", "secret-b.txt"]],
}


def test_card_says_what_is_known():
    card = model_card(
        data=DATA,
        recipe='task = "language"\n',
        metrics={"loss": 3.14159, "perplexity": 23.14, "bits_per_byte": 1.25, "overlap": 0.01},
        baselines={"unigram": {"loss": 6.5}, "ngram": {"order": 4, "loss": 4.25, "perplexity": 70.1}, "tokens_used": 9},
        config={"layers": 4, "parameters": 10_000_000},
        cost={"seconds": 60.0, "machine": "a | b"},
    )
    parsed = ModelCard(card).data
    assert parsed.language == ["zh", "en"]
    assert parsed.pipeline_tag == "text-generation"
    assert "zaohua" in parsed.tags
    assert "| **this model 本模型** | 3.142 | 23.14 | 1.25 |" in card
    assert "| ngram (order 4) | 4.25 | 70.1 |  |" in card
    for said in ("12,345", "gb18030: 3", "10,000,000", "overlap", 'task = "language"', "a \\| b"):
        assert said in card
    for label in ("layers 层数", "documents 文档数", "machine 机器"):
        assert f"| {label} |" in card
    for private in ("diary", "secret"):
        assert private not in card


def test_card_of_a_model_about_which_nothing_is_known():
    card = model_card(data={}, recipe="", metrics={})
    assert "Not recorded" in card
    assert ModelCard(card).data.language == []
