"""Lossy codecs at low bit rates, as in voice messages and calls."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from affetto._extras import require_extra
from affetto.augmentation.channel import fit_length
from affetto.errors import MissingExtraError, ParameterError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class _Codec:
    """How PyAV encodes and decodes."""

    encoder: str
    decoder: str
    rates_hz: tuple[int, ...]  # ascending
    sample_format: str
    delay: int = 0  # in samples, beyond the delay that libav compensates
    options: Mapping[str, str] = field(default_factory=dict)
    bit_rates: tuple[int, ...] = ()  # all possible ones; empty for any


CODECS: Mapping[str, _Codec] = {
    "mp3": _Codec(
        "libmp3lame", "mp3float", (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000), "fltp"
    ),
    "opus": _Codec("libopus", "opus", (8_000, 12_000, 16_000, 24_000, 48_000), "flt", options={"application": "voip"}),
    "amr": _Codec(
        "libopencore_amrnb",
        "amrnb",
        (8_000,),
        "s16",
        delay=40,  # the encoder looks 5 ms ahead
        bit_rates=(4_750, 5_150, 5_900, 6_700, 7_400, 7_950, 10_200, 12_200),
    ),
}
"""The codecs by name: MPEG-1 layer III, Opus, and AMR narrow-band."""


def encode(samples: NDArray[np.float32], sample_rate_hz: int, *, codec: str, bit_rate: int) -> NDArray[np.float32]:
    """Encode the sound by a lossy codec, and decode it again; clip it beyond full scale.

    Parameters
    ----------
    sample_rate_hz : int
        The codec uses its next higher sample rate, or its highest.
    codec : {"mp3", "opus", "amr"}
    bit_rate : int
        In bits per second. AMR has 4750, 5150, 5900, 6700, 7400, 7950, 10200 and 12200.

    Raises
    ------
    ParameterError
        If there is no such codec or bit rate, or samples are not finite.
    MissingExtraError
        If the extra ``formats`` is missing, or PyAV was built without the encoder.
    """
    if codec not in CODECS:
        raise ParameterError(f"codec is {codec!r}; choose from {', '.join(CODECS)}")
    chosen = CODECS[codec]
    if bit_rate < 1 or (chosen.bit_rates and bit_rate not in chosen.bit_rates):
        allowed = ", ".join(map(str, chosen.bit_rates)) or "above 0"
        raise ParameterError(f"bit_rate is {bit_rate}; for {codec} it must be {allowed} bits per second")
    if not np.isfinite(samples).all():
        # LAME aborts the process on samples that are not finite.
        raise ParameterError("samples are NaN or infinite; only finite samples can be encoded")
    require_extra("formats", purpose=f"encoding as {codec}")
    import soxr

    if not len(samples):
        return samples.copy()
    rate = next((rate for rate in chosen.rates_hz if rate >= sample_rate_hz), chosen.rates_hz[-1])
    before = np.clip(soxr.resample(samples, sample_rate_hz, rate), -1.0, 1.0)
    after, decoded_rate = _round_trip(before, rate, codec=codec, bit_rate=bit_rate)
    after = np.clip(after[round(chosen.delay * decoded_rate / rate) :], -1.0, 1.0)
    return fit_length(soxr.resample(after, decoded_rate, sample_rate_hz), len(samples))


def _round_trip(
    samples: NDArray[np.float32], sample_rate_hz: int, *, codec: str, bit_rate: int
) -> tuple[NDArray[np.float32], int]:
    """Encode and decode samples at a sample rate of the codec; return the decoded samples and their rate."""
    import av

    chosen = CODECS[codec]
    try:
        encoder: Any = av.CodecContext.create(chosen.encoder, "w")
    except ValueError:  # av.codec.codec.UnknownCodecError
        raise MissingExtraError(
            f'this PyAV has no encoder {chosen.encoder} for {codec}; install its wheel: pip install "affetto[formats]"'
        ) from None
    encoder.sample_rate, encoder.layout, encoder.format = sample_rate_hz, "mono", chosen.sample_format
    encoder.time_base, encoder.options = Fraction(1, sample_rate_hz), dict(chosen.options)
    try:
        encoder.bit_rate = bit_rate
        encoder.open()
    except (av.FFmpegError, ValueError, OverflowError) as error:
        raise ParameterError(f"{codec} cannot be encoded at {bit_rate} bits per second: {error}") from None
    size = encoder.frame_size
    # Whole frames, and a few more for the delay of the codec.
    padded = np.pad(samples, (0, -len(samples) % size + 4 * size))
    packets = []
    for start in range(0, len(padded), size):
        piece = padded[None, start : start + size]
        if chosen.sample_format == "s16":
            piece = np.round(piece * 32_767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(piece), format=chosen.sample_format, layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = sample_rate_hz, start, encoder.time_base
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    decoder: Any = av.CodecContext.create(chosen.decoder, "r")
    decoder.sample_rate, decoder.layout = sample_rate_hz, "mono"
    if encoder.extradata:
        decoder.extradata = encoder.extradata
    frames = [frame for packet in (*packets, None) for frame in decoder.decode(packet)]
    return np.concatenate([frame.to_ndarray()[0] for frame in frames]).astype(np.float32), frames[0].sample_rate
