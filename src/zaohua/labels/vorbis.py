"""Labels in FLAC and Ogg Vorbis: the Vorbis comments both carry (xiph.org, Vorbis I §5), their sound untouched."""

from zaohua.labels.provenance import Provenance

_COMMENT, _LAST = 4, 0x80  # FLAC: type of the block, mark of the last one (RFC 9639 §8)
_VORBIS = b"\x03vorbis"
_CONTINUED = 1  # Ogg: the page goes on with a packet begun before (RFC 3533 §6)


def embed(data: bytes, suffix: str, provenance: Provenance) -> bytes:
    """The file with its label added to its comments, in place of an earlier one."""
    return _flac(data, provenance.tags())[0] if suffix == ".flac" else _ogg(data, provenance.tags())[0]


def extract(data: bytes, suffix: str) -> Provenance | None:
    """The label, or None; a file that ends too early or is of another format has none."""
    try:
        comments = _flac(data, {})[1] if suffix == ".flac" else _ogg(data, {})[1]
    except (ValueError, IndexError):
        return None
    pairs = (comment.decode("utf-8", "replace").partition("=") for comment in comments)
    return Provenance.from_tags({name: value for name, _, value in pairs})


# Both of these return (the file with `tags` set, the comments it had).


def _flac(data: bytes, tags: dict[str, str]) -> tuple[bytes, list[bytes]]:
    if not data.startswith(b"fLaC"):
        raise ValueError("not a FLAC file")
    blocks, place, last = [], 4, False
    vendor: bytes = b"zaohua"
    comments: list[bytes] = []
    while not last:
        last, kind = bool(data[place] & _LAST), data[place] & ~_LAST
        end = place + 4 + int.from_bytes(data[place + 1 : place + 4])
        if kind == _COMMENT:
            vendor, comments = _read(data[place + 4 : end])
        else:
            blocks.append((kind, data[place + 4 : end]))
        place = end
    blocks.insert(1, (_COMMENT, _write(vendor, comments, tags)))  # the stream's description must stay the first
    head = b"".join(
        bytes([kind | (_LAST if number == len(blocks) else 0)]) + len(body).to_bytes(3) + body
        for number, (kind, body) in enumerate(blocks, 1)
    )
    return b"fLaC" + head + data[place:], comments


def _ogg(data: bytes, tags: dict[str, str]) -> tuple[bytes, list[bytes]]:
    first, place = _page(data, 0)
    if not first.startswith(b"\x01vorbis"):
        raise ValueError("not an Ogg Vorbis file")
    opening = data[:place]
    lacing, content, pages = b"", b"", 0
    while sum(size < 255 for size in lacing) < 2:  # a shorter piece ends a packet: comments, then codebooks
        body, end = _page(data, place)
        lacing += data[place + 27 : end - len(body)]
        content, place, pages = content + body, end, pages + 1
    ends = [number for number, size in enumerate(lacing) if size < 255]
    split = sum(lacing[: ends[0] + 1])
    if ends[1] + 1 != len(lacing) or not content.startswith(_VORBIS):
        raise ValueError("not an Ogg Vorbis file")
    vendor, comments = _read(content[len(_VORBIS) : split])
    packets = [_VORBIS + _write(vendor, comments, tags) + b"\1", content[split:]]

    serial = data[14:18]
    pieces = [packet[at : at + 255] for packet in packets for at in range(0, len(packet) + 1, 255)]
    headers = [pieces[at : at + 255] for at in range(0, len(pieces), 255)]
    output, continued = opening, False
    for number, page in enumerate(headers, 1):
        output += _make_page(_CONTINUED * continued, bytes(8), serial, number, page)
        continued = len(page[-1]) == 255
    if len(headers) == pages:
        return output + data[place:], comments
    number = len(headers)
    while place < len(data):  # the later pages only get new numbers
        body, end = _page(data, place)
        number += 1
        sizes = data[place + 27 : end - len(body)]
        starts = [sum(sizes[:index]) for index in range(len(sizes))]
        page = [body[start : start + size] for start, size in zip(starts, sizes, strict=True)]
        output += _make_page(data[place + 5], data[place + 6 : place + 14], serial, number, page)
        place = end
    return output, comments


def _page(data: bytes, place: int) -> tuple[bytes, int]:
    """Content of the page that begins at `place`, and where the next one begins."""
    if data[place : place + 4] != b"OggS":
        raise ValueError("not an Ogg file")
    start = place + 27 + data[place + 26]
    end = start + sum(data[place + 27 : start])
    return data[start:end], end


def _make_page(flags: int, position: bytes, serial: bytes, number: int, pieces: list[bytes]) -> bytes:
    sizes = bytes(map(len, pieces))
    head = b"OggS\0" + bytes([flags]) + position + serial + number.to_bytes(4, "little")
    tail = bytes([len(sizes)]) + sizes + b"".join(pieces)
    return head + _crc(head + bytes(4) + tail).to_bytes(4, "little") + tail


def _crc(data: bytes) -> int:
    """CRC-32 with Ogg's polynomial 0x04c11db7, most significant bit first, no inversion."""
    crc = 0
    for byte in data:
        crc = (crc << 8 & 0xFFFFFFFF) ^ _TABLE[crc >> 24 ^ byte]
    return crc


def _table_entry(value: int) -> int:
    value <<= 24
    for _ in range(8):
        value = (value << 1) ^ (0x04C11DB7 if value & 0x80000000 else 0)
    return value & 0xFFFFFFFF


_TABLE = [_table_entry(value) for value in range(256)]


def _read(body: bytes) -> tuple[bytes, list[bytes]]:
    """Vendor and comments ("NAME=value") of a comment header."""
    end = 4 + int.from_bytes(body[:4], "little")
    vendor, place = body[4:end], end + 4
    comments: list[bytes] = []
    for _ in range(min(int.from_bytes(body[end:place], "little"), len(body) // 4)):
        end = place + 4 + int.from_bytes(body[place : place + 4], "little")
        comments.append(body[place + 4 : end])
        place = end
    return vendor, comments


def _write(vendor: bytes, comments: list[bytes], tags: dict[str, str]) -> bytes:
    """A comment header: all lengths in 32 bits, little-endian."""
    names = {name.lower() for name in tags}
    kept = [
        comment for comment in comments if comment.partition(b"=")[0].decode("ascii", "replace").lower() not in names
    ]
    fields = [*kept, *(f"{name}={value}".encode() for name, value in tags.items())]
    sized = [len(field).to_bytes(4, "little") + field for field in (vendor, *fields)]
    return sized[0] + len(fields).to_bytes(4, "little") + b"".join(sized[1:])
