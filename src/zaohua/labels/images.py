"""Labels in PNG, JPEG, WebP and GIF: one XMP packet put among the file's chunks, its pixels untouched.

Each format is walked by its own rules (PNG ISO/IEC 15948, JPEG ITU-T T.81 and XMP part 3, WebP RFC 9649, GIF89a); a
packet already there is replaced.
"""

import zlib
from collections.abc import Iterator

from zaohua.labels import xmp
from zaohua.labels.provenance import Provenance

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_KEY = b"XML:com.adobe.xmp\0"
_JPEG_KEY = b"http://ns.adobe.com/xap/1.0/\0"
_GIF_KEY = b"\x21\xff\x0bXMP DataXMP"
_GIF_TRAILER = b"\x01" + bytes(range(255, -1, -1)) + b"\0"  # leads readers that count sub-blocks to the end
_VP8X_XMP, _VP8X_ALPHA = 0x04, 0x10


def embed(data: bytes, suffix: str, provenance: Provenance) -> bytes:
    """The file with its label, in place of an earlier XMP packet."""
    return {".png": _png, ".jpg": _jpeg, ".jpeg": _jpeg, ".webp": _webp, ".gif": _gif}[suffix](
        data, xmp.packet(provenance)
    )[0]


def extract(data: bytes, suffix: str) -> Provenance | None:
    """The label, or None; a file that ends too early or is of another format has none."""
    try:
        found = {".png": _png, ".jpg": _jpeg, ".jpeg": _jpeg, ".webp": _webp, ".gif": _gif}[suffix](data, b"")[1]
    except (ValueError, IndexError):
        return None
    return xmp.parse(found) if found else None


# Each of these returns (the file with `packet` in place of an earlier one, the earlier packet or b"").


def _png(data: bytes, packet: bytes) -> tuple[bytes, bytes]:
    if not data.startswith(_PNG):
        raise ValueError("not a PNG file")
    kept, found, place = [_PNG], b"", len(_PNG)
    while place < len(data):
        size, kind = int.from_bytes(data[place : place + 4]), data[place + 4 : place + 8]
        body = data[place + 8 : place + 8 + size]
        if kind == b"iTXt" and body.startswith(_PNG_KEY):
            found = body[len(_PNG_KEY) :].split(b"\0", 4)[-1]  # after two flags, language and translated keyword
        else:
            kept.append(data[place : place + 12 + size])
        if kind == b"IHDR":
            kept.append(_png_chunk(b"iTXt", _PNG_KEY + b"\0\0\0\0" + packet))
        place += 12 + size
    return b"".join(kept), found


def _png_chunk(kind: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4) + kind + body + zlib.crc32(kind + body).to_bytes(4)


def _jpeg(data: bytes, packet: bytes) -> tuple[bytes, bytes]:
    if not data.startswith(b"\xff\xd8"):
        raise ValueError("not a JPEG file")
    head, found, place = [data[:2]], b"", 2
    rest: list[bytes] = []
    while data[place] == 0xFF and 0xE0 <= data[place + 1] <= 0xEF:  # application segments come first
        end = place + 2 + int.from_bytes(data[place + 2 : place + 4])
        body = data[place + 4 : end]
        if data[place + 1] == 0xE1 and body.startswith(_JPEG_KEY):
            found = body[len(_JPEG_KEY) :]
        else:
            (head if data[place + 1] == 0xE0 else rest).append(data[place:end])  # JFIF's must stay the first
        place = end
    body = _JPEG_KEY + packet
    segment = b"\xff\xe1" + (len(body) + 2).to_bytes(2) + body
    return b"".join([*head, segment, *rest, data[place:]]), found


def _webp(data: bytes, packet: bytes) -> tuple[bytes, bytes]:
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        raise ValueError("not a WebP file")
    chunks = list(riff_chunks(data))
    found = next((body for kind, body in chunks if kind == b"XMP "), b"")
    chunks = [(kind, body) for kind, body in chunks if kind != b"XMP "]
    if chunks[0][0] != b"VP8X":
        chunks.insert(0, (b"VP8X", _vp8x(*chunks[0])))
    flags = chunks[0][1]
    chunks[0] = (b"VP8X", bytes([flags[0] | _VP8X_XMP]) + flags[1:])
    return riff(b"WEBP", [*chunks, (b"XMP ", packet)]), found


def _vp8x(kind: bytes, body: bytes) -> bytes:
    """The extended header that a simple WebP file lacks: flags, then width and height less 1 in 24 bits each."""
    if kind == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        width, height, alpha = bits & 0x3FFF, bits >> 14 & 0x3FFF, bits >> 28 & 1  # sizes are less 1 already
    else:
        width, height = (int.from_bytes(body[at : at + 2], "little") & 0x3FFF for at in (6, 8))
        width, height, alpha = width - 1, height - 1, 0
    if kind not in (b"VP8L", b"VP8 ") or min(width, height) < 0:
        raise ValueError("a WebP file that begins with no picture")
    return bytes([_VP8X_ALPHA * alpha, 0, 0, 0]) + width.to_bytes(3, "little") + height.to_bytes(3, "little")


def riff_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and content of each chunk of a RIFF file (WebP, WAV)."""
    place = 12
    while place + 8 <= len(data):
        size = int.from_bytes(data[place + 4 : place + 8], "little")
        yield data[place : place + 4], data[place + 8 : place + 8 + size]
        place += 8 + size + size % 2


def riff(form: bytes, chunks: list[tuple[bytes, bytes]]) -> bytes:
    """A RIFF file of these chunks."""
    body = b"".join(
        kind + len(content).to_bytes(4, "little") + content + b"\0" * (len(content) % 2) for kind, content in chunks
    )
    return b"RIFF" + (4 + len(body)).to_bytes(4, "little") + form + body


def _gif(data: bytes, packet: bytes) -> tuple[bytes, bytes]:
    if not data.startswith((b"GIF87a", b"GIF89a")):
        raise ValueError("not a GIF file")
    place = 13 + (3 << (data[10] & 7) + 1 if data[10] & 0x80 else 0)  # after the header and the global colour table
    kept, found = [b"GIF89a" + data[6:place]], b""
    while data[place : place + 2] == b"\x21\xff":  # application extensions: the loop count must stay the first
        end = place + 14
        while data[end]:
            end += 1 + data[end]
        end += 1
        if data[place : place + 14] == _GIF_KEY:
            found = data[place + 14 : end].removesuffix(_GIF_TRAILER)
        else:
            kept.append(data[place:end])
        place = end
    return b"".join([*kept, _GIF_KEY + packet + _GIF_TRAILER, data[place:]]), found
