"""Recordings in every format that can be encoded here."""

from __future__ import annotations

import io
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

import av
import numpy as np
import pytest
import soundfile
import soxr

from affetto.speech import read

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

_LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}


class Format(NamedTuple):
    """How to encode: by PyAV where a codec is named, else by soundfile with a subtype."""

    container: str
    codec: str | None = None
    subtype: str | None = None
    rate: int = 24_000


FORMATS = {
    "wav": Format("WAV", subtype="PCM_16"),
    "wav-24-bit": Format("WAV", subtype="PCM_24"),
    "wav-float": Format("WAV", subtype="FLOAT"),
    "wav-alaw": Format("WAV", subtype="ALAW", rate=8_000),
    "wav-mulaw": Format("WAV", subtype="ULAW", rate=8_000),
    "wav-gsm": Format("WAV", subtype="GSM610", rate=8_000),
    "wav-ms-adpcm": Format("WAV", subtype="MS_ADPCM"),
    "wav-ima-adpcm": Format("WAV", subtype="IMA_ADPCM"),
    "rf64": Format("RF64", subtype="PCM_16"),
    "w64": Format("W64", subtype="PCM_16"),
    "aiff": Format("AIFF", subtype="PCM_16"),
    "au": Format("AU", subtype="PCM_16"),
    "caf": Format("CAF", subtype="PCM_16"),
    "caf-alac": Format("CAF", subtype="ALAC_16"),
    "voc": Format("VOC", subtype="PCM_16"),
    "flac": Format("FLAC", subtype="PCM_16"),
    "ogg-vorbis": Format("OGG", subtype="VORBIS"),
    "ogg-opus": Format("OGG", subtype="OPUS"),
    "mp3": Format("MP3", subtype="MPEG_LAYER_III"),
    "ogg-flac": Format("ogg", "flac"),
    "m4a-aac": Format("ipod", "aac"),
    "m4a-alac": Format("ipod", "alac"),
    "mp4": Format("mp4", "aac"),
    "mov": Format("mov", "aac"),
    "mov-pcm": Format("mov", "pcm_s16le"),
    "aac": Format("adts", "aac"),
    "webm": Format("webm", "libopus"),
    "mkv-aac": Format("matroska", "aac"),
    "mkv-pcm": Format("matroska", "pcm_s16le"),
    "mkv-flac": Format("matroska", "flac"),
    "wma": Format("asf", "wmav2", rate=22_050),
    "amr": Format("amr", "libopencore_amrnb", rate=8_000),
    "3gp": Format("3gp", "libopencore_amrnb", rate=8_000),
    "avi": Format("avi", "pcm_s16le"),
    "flv": Format("flv", "aac", rate=22_050),
    "mpeg-ts": Format("mpegts", "aac"),
    "ac3": Format("ac3", "ac3", rate=48_000),
    "wavpack": Format("wv", "wavpack"),
}


class Encoder:
    """Encodes samples to bytes."""

    def __init__(self, samples: NDArray[np.float32], rate: int) -> None:
        self.samples, self.rate = samples, rate

    def at(self, rate: int) -> NDArray[np.float32]:
        """The recording at a rate."""
        resampled: NDArray[np.float32] = soxr.resample(self.samples, self.rate, rate)
        return resampled

    def __call__(self, kind: str, samples: NDArray[np.float32] | None = None) -> bytes:
        """The recording, or other samples, in one of the formats."""
        form = FORMATS[kind]
        samples = self.at(form.rate) if samples is None else samples
        if form.codec is None:
            out = io.BytesIO()
            soundfile.write(out, samples, form.rate, format=form.container, subtype=form.subtype)
            return out.getvalue()
        return self.mux(form.container, (form.codec, samples, form.rate))

    def mux(self, container: str, *tracks: tuple[str, NDArray[np.float32], int], picture: str | None = None) -> bytes:
        """One or more audio tracks of (codec, samples, rate), with a moving picture or a cover beside them."""
        out = io.BytesIO()
        with av.open(out, "w", format=container) as muxer:
            if picture is not None:
                video: Any = muxer.add_stream(picture, rate=25)
                video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
            sounds: list[Any] = []
            for codec, samples, rate in tracks:
                sound: Any = muxer.add_stream(
                    codec, rate=rate, layout=_LAYOUTS[1 if samples.ndim == 1 else samples.shape[1]]
                )
                if codec.startswith("wma"):
                    sound.bit_rate = 64_000
                sounds.append(sound)
            if picture is not None:
                for i in range(25):
                    frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 8 * i, np.uint8), format="rgb24")
                    frame.pts, frame.time_base = i, Fraction(1, 25)
                    muxer.mux(video.encode(frame))
                muxer.mux(video.encode(None))
            for sound, (_, samples, rate) in zip(sounds, tracks, strict=True):
                n_channels = 1 if samples.ndim == 1 else samples.shape[1]
                packed = np.ascontiguousarray(samples.reshape(1, -1), dtype=np.float32)
                tone = av.AudioFrame.from_ndarray(packed, format="flt", layout=_LAYOUTS[n_channels])
                tone.sample_rate, tone.pts, tone.time_base = rate, 0, Fraction(1, rate)
                muxer.mux(sound.encode(tone))
                muxer.mux(sound.encode(None))
        return out.getvalue()


@pytest.fixture(scope="session")
def encode(root: Path) -> Encoder:
    """Encodes one of the examples."""
    waveform = read(root / "examples" / "angry.flac")
    # Resampled and encoded, it must still not exceed full scale.
    return Encoder(waveform.samples / 2, waveform.sample_rate_hz)


@pytest.fixture(scope="session", params=sorted(FORMATS))
def kind(request: pytest.FixtureRequest) -> str:
    """Each of the formats."""
    name: str = request.param
    return name


@pytest.fixture(scope="session")
def rate_of() -> Callable[[str], int]:
    """The rate at which a format is encoded."""
    return lambda kind: FORMATS[kind].rate
