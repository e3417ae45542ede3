"""What a pair of networks of clips looks like.

Times are in frames of the training clips. A condition, which both networks take, is float32 [B, k + 1]: the times of k
frames, ascending, and the number of the class, 0 without classes.
"""

from dataclasses import dataclass

from zaohua.gan.networks.shape import Shape

_DRIFT = 2  # times a window's length: how late after its beginning a generated clip is looked at in training at most


@dataclass(frozen=True)
class ClipShape:
    """Of both networks. picture: of a frame, its `latent` being content and motion together; length: frames of a
    window; looks: how many of them the discriminator sees; content: numbers that say what is seen; noise: numbers drawn
    at each knot; motion: numbers that say what moves, at any time; spacing: frames from knot to knot."""

    picture: Shape
    length: int
    looks: int
    content: int
    noise: int
    motion: int
    spacing: int

    @property
    def drift(self) -> int:
        """Frames after its beginning at which a clip is begun to be looked at, at most."""
        return _DRIFT * self.length

    def knots(self, frames: float) -> int:
        """Knots of a clip whose last frame is at this time."""
        return int(frames // self.spacing) + 2

    def latent(self, frames: float) -> int:
        """Numbers that a clip up to this time is made from: content, manner, and noise at each knot. Those of a longer
        one begin with the same."""
        return self.content + (1 + self.knots(frames)) * self.noise
