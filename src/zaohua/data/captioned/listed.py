"""The unit of captioned data, before it is opened."""

from dataclasses import dataclass, field

from zaohua.data.captioned.captions import Captions, Questions
from zaohua.data.clip import Clip
from zaohua.data.picture import Picture
from zaohua.data.sound import Sound

Medium = Picture | Sound | Clip


@dataclass(frozen=True, slots=True)
class Listed:
    """A picture, a sound or a clip of a source, how to open it, what is said of it, and what is asked."""

    medium: Medium
    captions: Captions
    questions: Questions = field(default_factory=dict)
