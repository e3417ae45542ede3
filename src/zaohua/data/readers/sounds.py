"""Sound files of any kind people have, as one channel of floats.

WAV, FLAC, OGG, MP3, AIFF and their like are read by libsndfile; what it does not know (M4A, WMA, WebM, the sound of a
film) by FFmpeg, which is let near no format that names other files.
"""

from typing import Any, BinaryIO

import numpy as np

from zaohua.data.readers.base import SkippedFile
from zaohua.errors import one_line
from zaohua.extras import need

_MOST = 1 << 28  # samples over all channels, about an hour and a half of stereo: beyond that it is no clip
_PART = 1 << 20  # frames decoded at once
_LOUDEST = 1e6  # times full scale: more is no sound, and its squares overflow
_CONTAINERS = "aac,ac3,aiff,amr,ape,asf,au,avi,caf,flac,flv,matroska,mov,mp3,mp4,mpeg,mpegts,ogg,wav,webm,wv"
_SUFFIXES = "wav flac ogg oga opus mp3 aif aiff aifc au caf w64 m4a mp4 aac wma webm mka mkv mov avi amr ape wv"


def read_sound(stream: BinaryIO, name: str) -> tuple[np.ndarray, int]:
    """The sound in a seekable stream: the mean of its channels, float32 [T], full scale being 1, and its rate.

    Raises SkippedFile for what is no sound, is damaged, or claims a length beyond anything real; ZaohuaError without
    the libraries of the extra `media`.
    """
    soundfile = need("soundfile")
    try:
        with soundfile.SoundFile(stream) as file:
            wave, rate = _decoded(file), int(file.samplerate)
    except soundfile.SoundFileError:
        stream.seek(0)
        wave, rate = _by_ffmpeg(stream, name)
    if not len(wave):
        raise SkippedFile("empty")
    if not np.abs(wave).max() < _LOUDEST:  # or NaN
        raise SkippedFile("malformed", f"{np.abs(wave).max():.3g}")
    return wave, rate


def _decoded(file: Any) -> np.ndarray:
    """By parts, for a header may promise anything."""
    if file.frames * file.channels > _MOST:
        raise SkippedFile("bomb")
    parts, length = [np.empty(0, np.float32)], 0
    while len(part := file.read(_PART, dtype="float32", always_2d=True)):
        parts.append(part.mean(axis=1))
        length += part.size
        if length > _MOST:
            raise SkippedFile("bomb")
    return np.concatenate(parts)


def _by_ffmpeg(stream: BinaryIO, name: str) -> tuple[np.ndarray, int]:
    av = need("av")
    known = name.lower().rpartition(".")[2] in _SUFFIXES.split()
    try:
        with av.open(stream, options={"format_whitelist": _CONTAINERS}) as container:
            if not container.streams.audio:
                raise SkippedFile("unsupported")
            sound = container.streams.audio[0]
            if sound.codec_context is None:  # FFmpeg cannot tell how it was stored
                raise SkippedFile("malformed")
            resampler = av.AudioResampler(format="fltp")  # one row a channel, at the rate it has
            parts, length = [np.empty(0, np.float32)], 0
            for frame in container.decode(sound):
                for piece in resampler.resample(frame):
                    part = piece.to_ndarray()
                    parts.append(part.mean(axis=0))
                    length += part.size
                if length > _MOST:
                    raise SkippedFile("bomb")
            return np.concatenate(parts), int(sound.rate)
    except (av.error.FFmpegError, ValueError, EOFError, IndexError) as error:
        raise SkippedFile("malformed" if known else "unsupported", one_line(error, 80) if known else "") from error
