"""Sounds: from any source to waves of one rate, parted into training and validation."""

from zaohua.data.sounds.config import SoundConfig
from zaohua.data.sounds.read import Sounds, read_sounds
from zaohua.data.sounds.sheet import sound_sheet, write_sound_sheet
from zaohua.data.sounds.wave import resampled

__all__ = ["SoundConfig", "Sounds", "read_sounds", "resampled", "sound_sheet", "write_sound_sheet"]
