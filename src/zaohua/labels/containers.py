"""Labels in WAV and MP3 (ID3v2.4 text frames) and MP4 (its metadata); sound and film untouched."""

import io

from zaohua.extras import need
from zaohua.labels.images import riff, riff_chunks
from zaohua.labels.provenance import Provenance

_WRITTEN = ("major_brand", "minor_version", "compatible_brands", "encoder")  # by the container's writer itself


def embed(data: bytes, suffix: str, provenance: Provenance) -> bytes:
    """The file with its label, in place of an earlier one."""
    tags = provenance.tags()
    if suffix == ".wav":
        chunks = [(kind, body) for kind, body in riff_chunks(data) if kind not in (b"id3 ", b"ID3 ")]
        return riff(b"WAVE", [*chunks, (b"id3 ", _id3(tags))])
    if suffix == ".mp3":
        return _id3(tags) + data[_id3_size(data) :]
    return _remux(data, tags)


def extract(data: bytes, suffix: str) -> Provenance | None:
    """The label, or None."""
    if suffix == ".wav":
        tag = next((body for kind, body in riff_chunks(data) if kind in (b"id3 ", b"ID3 ")), b"")
        return Provenance.from_tags(_id3_texts(tag))
    if suffix == ".mp3":
        return Provenance.from_tags(_id3_texts(data[: _id3_size(data)]))
    av = need("av")
    try:
        with av.open(io.BytesIO(data), metadata_errors="replace") as container:
            return Provenance.from_tags(dict(container.metadata))
    except av.error.FFmpegError:
        return None


def _remux(data: bytes, tags: dict[str, str]) -> bytes:
    """The same packets in a new MP4 file with these tags."""
    av = need("av")
    target = io.BytesIO()
    options = {"movflags": "use_metadata_tags"}  # else names it does not know are dropped
    with (
        av.open(io.BytesIO(data), metadata_errors="replace") as source,
        av.open(target, "w", format="mp4", options=options) as output,
    ):
        streams = {stream.index: output.add_stream_from_template(stream) for stream in source.streams}
        output.metadata.update({k: v for k, v in source.metadata.items() if k not in _WRITTEN} | tags)
        for packet in source.demux():
            if packet.dts is not None:  # an empty packet only marks the end
                packet.stream = streams[packet.stream.index]
                output.mux(packet)
    return target.getvalue()


def _id3(tags: dict[str, str]) -> bytes:
    """An ID3v2.4 tag with one user text frame (TXXX) per value, in UTF-8 (id3.org, 2000)."""
    frames = b""
    for name, value in tags.items():
        body = b"\x03" + name.encode() + b"\0" + value.encode()
        frames += b"TXXX" + _syncsafe(len(body)) + b"\0\0" + body
    return b"ID3\x04\0\0" + _syncsafe(len(frames)) + frames


def _id3_size(data: bytes) -> int:
    """Bytes that an ID3v2 tag takes at the beginning of `data`; 0 if there is none."""
    return 10 + _from_syncsafe(data[6:10]) if data.startswith(b"ID3") and len(data) >= 10 else 0


def _id3_texts(tag: bytes) -> dict[str, str]:
    """The user text frames of a tag as we write them."""
    texts, place = {}, 10
    while tag[place : place + 4] == b"TXXX":
        size = _from_syncsafe(tag[place + 4 : place + 8])
        name, _, value = tag[place + 11 : place + 10 + size].partition(b"\0")
        texts[name.decode("utf-8", "replace")] = value.decode("utf-8", "replace")
        place += 10 + size
    return texts


def _syncsafe(size: int) -> bytes:
    """28 bits, 7 to a byte, so that no byte looks like the start of an MPEG frame."""
    return bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))


def _from_syncsafe(four: bytes) -> int:
    return sum((byte & 0x7F) << shift for byte, shift in zip(four, (21, 14, 7, 0), strict=False))
