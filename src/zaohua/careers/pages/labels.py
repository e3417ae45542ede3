"""Where the name of each point of a scatter chart goes, so that names cover neither each other nor points."""

from collections.abc import Sequence

PLACES = ("top center", "bottom center", "middle right", "middle left")
_PLOT = (560, 11, 12)  # pixels: width that the points have, height of a line, room that a marker takes
_WIDE, _NARROW = 11, 6.2  # of a Chinese and of another character

Box = tuple[float, float, float, float]  # left, top, right, bottom


def places(xs: Sequence[float], ys: Sequence[float], names: Sequence[str], height: int) -> list[str]:
    """A place of PLACES for each name, `<br>` between its lines; the one that covers least, the first of equal ones.

    height: pixels from the lowest to the highest point.
    """
    width, _, marker = _PLOT
    across = [(x - min(xs)) / ((max(xs) - min(xs)) or 1) * width for x in xs]
    down = [(max(ys) - y) / ((max(ys) - min(ys)) or 1) * height for y in ys]
    taken: list[Box] = [
        (x - marker / 2, y - marker / 2, x + marker / 2, y + marker / 2) for x, y in zip(across, down, strict=True)
    ]
    found = []
    for x, y, name in zip(across, down, names, strict=True):
        boxes = {place: _box(x, y, name, place) for place in PLACES}
        covered = {
            place: sum(_shared(box, other) for other in taken) + _outside(box, width) for place, box in boxes.items()
        }
        best = min(PLACES, key=lambda place: covered[place])
        taken.append(boxes[best])
        found.append(best)
    return found


def _box(x: float, y: float, name: str, place: str) -> Box:
    _, line, marker = _PLOT
    lines = name.split("<br>")
    wide = max(sum(_WIDE if ord(letter) > 0x2E80 else _NARROW for letter in each) for each in lines)
    high = line * 1.3 * len(lines)
    left = {"top center": x - wide / 2, "bottom center": x - wide / 2, "middle right": x + marker}.get(
        place, x - marker - wide
    )
    top = {"top center": y - marker / 2 - high, "bottom center": y + marker / 2}.get(place, y - high / 2)
    return left, top, left + wide, top + high


def _shared(one: Box, other: Box) -> float:
    """The area that two boxes have in common, in square pixels."""
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    return max(wide, 0.0) * max(high, 0.0)


def _outside(box: Box, width: int) -> float:
    """What of a name would stand beside the chart, with a margin of a few letters."""
    return (max(0.0, -40 - box[0]) + max(0.0, box[2] - width - 40)) * (box[3] - box[1])
