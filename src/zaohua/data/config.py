"""The `[data]` section of a recipe for text."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from zaohua.recipe import Section

# The column of a table without a header is a number, which the command line reads as one: data.column=2
Column = Annotated[str, BeforeValidator(lambda value: str(value) if type(value) is int else value)]


class TextDataConfig(Section):
    """Where the text comes from, what is done to it, and how much is held back for validation."""

    source: str | list[str] = Field(
        description="one or several of folder: file: zip: jsonl: csv: parquet: hf: builtin:"
    )
    needs: str | None = Field(default=None, description="what the user must bring, if anything")
    column: Column | None = Field(default=None, description="text column of a table; several are joined by commas")
    max_documents: int | None = Field(default=None, ge=1, description="read so many of each source, from its start")
    normalise: Literal["NFC", "NFKC", "none"] = Field(
        default="NFC", description="Unicode form of the cleaned text; none: no cleaning at all"
    )
    min_chars: int = Field(default=1, ge=1, description="shorter documents are removed")
    languages: list[str] = Field(default=[], description="keep only these, for example ['zh', 'en']; empty: all")
    exact_dedup: bool = Field(default=True, description="remove documents that are equal after cleaning")
    near_dedup: bool = Field(default=True, description="remove documents nearly equal to an earlier one")
    near_dedup_threshold: float = Field(
        default=0.85, gt=0.5, le=1.0, description="Jaccard similarity of 5-unit shingles"
    )
    validation: float = Field(default=0.1, gt=0.0, lt=1.0, description="share of the text held back")

    @property
    def sources(self) -> list[str]:
        """The sources as a list, however they were written."""
        return [self.source] if isinstance(self.source, str) else self.source
