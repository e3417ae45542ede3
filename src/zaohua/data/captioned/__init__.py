"""Pairs of a picture, a sound or a clip with captions in English and Chinese, parted into training and validation."""

from zaohua.data.captioned.config import CaptionedConfig
from zaohua.data.captioned.read import Captioned, Side, read_captioned
from zaohua.data.captioned.sheet import captioned_sheet, write_captioned_sheet

__all__ = ["Captioned", "CaptionedConfig", "Side", "captioned_sheet", "read_captioned", "write_captioned_sheet"]
