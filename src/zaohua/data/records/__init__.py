"""A user's own table: rows of texts, pictures, sounds, films and values, each with a class or a number to be told."""

from zaohua.data.records.config import RecordsConfig
from zaohua.data.records.read import read_records
from zaohua.data.records.types import MODALITIES, Records, Side

__all__ = ["MODALITIES", "Records", "RecordsConfig", "Side", "read_records"]
