"""Clips: from any source to windows of frames of one size and rate, parted into training and validation."""

from zaohua.data.clips.config import ClipConfig
from zaohua.data.clips.read import Clips, read_clips
from zaohua.data.clips.sheet import clip_sheet, write_clip_sheet
from zaohua.data.clips.windows import Windows

__all__ = ["ClipConfig", "Clips", "Windows", "clip_sheet", "read_clips", "write_clip_sheet"]
