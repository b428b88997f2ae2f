"""Decoding with libav, by way of PyAV: m4a, webm, amr, wma, and the sound of videos."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING

import av
import numpy as np
from av.stream import Discard, Disposition

from affetto.errors import AudioError
from affetto.speech.frames import AMR, AMR_WB
from affetto.speech.sources import UnreadableError, reason
from affetto.speech.streaming import BLOCK_SAMPLES

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from av.audio.codeccontext import AudioCodecContext
    from av.audio.frame import AudioFrame
    from av.audio.layout import AudioLayout
    from av.audio.stream import AudioStream
    from av.container.input import InputContainer
    from av.packet import Packet
    from av.stream import Stream
    from numpy.typing import NDArray

    from affetto.speech.sources import EncodedFile

# Only these may be guessed from a file's content. Playlists (hls, dash, concat, sdp) are left out because they open
# other files and addresses, headerless formats because they take any bytes for sound.
# fmt: off
_DEMUXERS = (
    "aac", "ac3", "aiff", "amr", "asf", "au", "avi", "caf", "dss", "eac3", "flac", "flv", "loas", "matroska", "mov",
    "mp3", "mpeg", "mpegts", "ogg", "w64", "wav", "wv",
)
# Sound only: a damaged picture must not cost time, memory or safety.
_DECODERS = (
    "aac", "aac_latm", "ac3", "adpcm_ima_qt", "adpcm_ima_wav", "adpcm_ms", "adpcm_swf", "adpcm_yamaha", "alac",
    "amrnb", "amrwb", "dca", "dss_sp", "eac3", "evrc", "flac", "g722", "g723_1", "g726", "g729", "gsm", "gsm_ms",
    "ilbc", "mp1", "mp1float", "mp2", "mp2float", "mp3", "mp3float", "nellymoser", "opus", "pcm_alaw", "pcm_f32be",
    "pcm_f32le", "pcm_f64be", "pcm_f64le", "pcm_mulaw", "pcm_s16be", "pcm_s16le", "pcm_s24be", "pcm_s24le",
    "pcm_s32be", "pcm_s32le", "pcm_s8", "pcm_u8", "qcelp", "speex", "vorbis", "wavpack", "wmalossless", "wmapro",
    "wmav1", "wmav2", "wmavoice",
)
# fmt: on
_OPTIONS = {
    "format_whitelist": ",".join(_DEMUXERS),
    "codec_whitelist": ",".join(_DECODERS),
    # Nothing but the given file is ever opened.
    "protocol_whitelist": "none",
    # Of a video whose picture is not decoded, libav would read on for the picture's properties.
    "probesize": str(1 << 20),
}
_WITH_CHECKSUMS = ("ac3", "eac3", "flac", "wavpack")
_ENCRYPTED_TAGS = ("drms", "enca")

# Formats whose headers state a length; libav guesses that of the others from their size.
_PROMISING = ("mov", "avi")
_PROMISING_ALONE = ("matroska", "asf", "flv")  # of the longest stream, that is of the sound only where it is alone
_EXACT = ("mov",)
# Formats that cannot say how much of AAC's beginning is the encoder's delay. Its first frame always is: it overlaps
# with nothing yet.
_UNTRIMMED = ("aac", "loas", "mpegts", "flv")
# Of Windows Media, libav would always leave out the two frames that Microsoft's encoder puts first; its own puts one.
_SKIP_MANUAL = 1 << 29  # AV_CODEC_FLAG2_SKIP_MANUAL

# Where the packets' times leave a gap, there is silence: the sound begins after the picture, a caller's network or a
# silence-suppressing codec left something out, or a packet is damaged. Times are rounded, hence the thresholds.
_START_GAP_S = 0.02
_GAP_S = 0.1
_TIMED_EXACTLY = ("flac",)
_EXACT_GAP_S = 0.001
# Codecs that leave silence out on purpose; where others leave a gap, something is missing.
_SKIPPING_SILENCE = ("amrnb", "amrwb", "evrc", "g723_1", "g729", "opus", "qcelp", "speex")
# Damaged times must not become hours of silence.
_MAX_SILENCE_S = 300.0

# Codecs whose frames say of themselves that they are damaged.
_SELF_CRITICAL = {"amrnb": AMR.parse, "amrwb": AMR_WB.parse}

# How often the demuxer may stumble, and how many packets in a row may give nothing, before the rest is given up.
_MAX_STUMBLES = 100
_MAX_IDLE_PACKETS = 20_000

_SCALES = {"u8": 2.0**-7, "s16": 2.0**-15, "s32": 2.0**-31, "s64": 2.0**-63, "flt": 1.0, "dbl": 1.0}
_DTYPES = {"u8": "u1", "s16": "i2", "s32": "i4", "s64": "i8", "flt": "f4", "dbl": "f8"}


class LibavDecoder:
    """Decodes one audio track of one file; see `affetto.speech.streaming.Decoder` for the attributes.

    Parameters
    ----------
    file : EncodedFile
        The file, at its beginning.
    name : str
        What error messages call it.
    track : int, optional
        Which audio track, counted from 1; by default the one that players choose.

    Raises
    ------
    UnreadableError
        If it is none of the known formats, or nothing of it decodes.
    AudioError
        If it holds no sound, no such track, encrypted sound, or sound of a kind that is not decoded.
    """

    tolerance_s = 0.3

    def __init__(self, file: EncodedFile, *, name: str, track: int | None) -> None:
        self._file = file
        self.n_damaged = 0
        self.notes: list[str] = []
        try:
            self._container = av.open(file, mode="r", options=_OPTIONS, metadata_errors="replace")
        except (av.FFmpegError, ValueError) as error:
            raise UnreadableError(reason(error)) from None
        try:
            self._stream = self._audio_stream(name, track)
            self._format = self._container.format.name.partition(",")[0]
            self._origin_s = self._picture_start_s()
            self.header_duration_s = self._duration_s()
            self._blocks = self._joined()
            first = next(self._blocks, None)
            if first is None:
                raise UnreadableError("nothing of its sound can be decoded")
        except BaseException:
            self._container.close()
            raise
        file.opened()
        self._first = first
        self.sample_rate_hz = first[1]
        self.n_channels = first[0].shape[1]

    def blocks(self) -> Iterator[tuple[NDArray[np.float32], int]]:
        """Yield the samples and their rate; damaged packets become silence."""
        yield self._first
        yield from self._blocks
        self._file.check()

    def close(self) -> None:
        """Release the file."""
        self._blocks.close()
        self._container.close()
        self._file.close()

    def _audio_stream(self, name: str, track: int | None) -> AudioStream:
        """Choose the track, and see that it can be decoded."""
        streams = self._container.streams
        tracks = streams.audio
        if not tracks:
            raise AudioError(f"{name} holds no sound; give a recording with an audio track")
        if track is not None and track > len(tracks):
            have = "1 audio track" if len(tracks) == 1 else f"{len(tracks)} audio tracks"
            raise AudioError(f"{name} has {have}; there is no track {track}, choose one from 1 to {len(tracks)}")
        best = streams.best("audio") or tracks[0]
        chosen = next(stream for stream in tracks if stream.index == best.index) if track is None else tracks[track - 1]
        codec = chosen.codec_context
        if (codec is not None and _tag(codec) in _ENCRYPTED_TAGS) or any(
            key.startswith("ASF_Protection") for key in self._container.metadata
        ):
            raise AudioError(f"{name} is encrypted (DRM); export it without protection")
        if codec is None or codec.name not in _DECODERS:
            kind = "an unknown kind" if codec is None else f"the kind {codec.name}"
            raise AudioError(f"{name} holds sound of {kind}, which cannot be decoded; convert it, for example to wav")
        if codec.name in _WITH_CHECKSUMS:
            # By default a damaged frame is decoded in spite of its checksum, to loud noise.
            codec.options = {"err_detect": "crccheck+explode"}
        for stream in streams:
            if stream.index != chosen.index:
                stream.discard = Discard.all
        return chosen

    def _picture_start_s(self) -> float | None:
        """Return when the recording begins, None where only the sound tells."""
        starts = [
            float(stream.start_time * stream.time_base)
            for stream in _timed_streams(self._container)
            if stream.start_time is not None and stream.time_base
        ]
        return min(starts) if len(starts) > 1 else None

    def _duration_s(self) -> float:
        """Return the length that the header states for the sound, 0 where it states none."""
        stream, duration = self._stream, self._container.duration
        if self._format in _PROMISING and stream.duration and stream.time_base:
            return float(stream.duration * stream.time_base)
        if self._format in _PROMISING_ALONE and duration and len(_timed_streams(self._container)) == 1:
            return duration / av.time_base
        return 0.0

    def _joined(self) -> Generator[tuple[NDArray[np.float32], int], None, None]:
        """Join frames of one rate and as many channels to blocks."""
        pieces: list[NDArray[np.float32]] = []
        size = rate = 0
        for piece, piece_rate in self._trimmed():
            if pieces and (piece_rate != rate or piece.shape[1] != pieces[0].shape[1] or size >= BLOCK_SAMPLES):
                yield np.concatenate(pieces), rate
                pieces, size = [], 0
            pieces.append(piece)
            rate = piece_rate
            size += piece.size
        if pieces:
            yield np.concatenate(pieces), rate

    def _trimmed(self) -> Iterator[tuple[NDArray[np.float32], int]]:
        """Leave out what fills the last packet beyond the stated length; where much more follows, that is wrong."""
        position_s, held_s = 0.0, 0.0
        held: list[tuple[NDArray[np.float32], int]] = []
        trims = self._format in _EXACT
        for samples, rate in self._timed():
            n = (
                max(round((self.header_duration_s - position_s) * rate), 0)
                if trims and self.header_duration_s
                else len(samples)
            )
            position_s += len(samples) / rate
            if n:
                yield samples[:n], rate
            if n < len(samples):
                held.append((samples[n:], rate))
                held_s += len(samples[n:]) / rate
                if held_s > self.tolerance_s:
                    trims = False
                    yield from held

    def _timed(self) -> Iterator[tuple[NDArray[np.float32], int]]:
        """Yield samples and rate of each frame, and silence where their times leave a gap."""
        position_s, silence_s, left_out_s, missing_s = 0.0, 0.0, 0.0, 0.0
        least_gap_s = _EXACT_GAP_S if self._format in _TIMED_EXACTLY else _GAP_S
        n_delay = self._n_delay_frames()
        for frame in self._frames():
            samples = _samples(frame)
            if n_delay or not samples.size:
                n_delay -= bool(n_delay)
                continue
            rate, time_base = frame.sample_rate, frame.time_base or self._stream.time_base
            if frame.pts is not None and time_base:
                time_s = float(frame.pts * time_base)
                if self._origin_s is None:
                    self._origin_s = time_s
                gap_s = left_out_s = time_s - self._origin_s - position_s
                if gap_s > (least_gap_s if position_s else _START_GAP_S) and silence_s + gap_s <= _MAX_SILENCE_S:
                    left_out_s = 0.0
                    if position_s:
                        missing_s += gap_s
                    elif self.header_duration_s:
                        self.header_duration_s += gap_s
                    for silence in _silence(round(gap_s * rate), samples.shape[1]):
                        yield silence, rate
                    position_s += gap_s
                    silence_s += gap_s
            yield samples, rate
            position_s += len(samples) / rate
        if missing_s and self._stream.codec_context.name not in _SKIPPING_SILENCE:
            self.notes.append(f"lacks {missing_s:.2f} s in its middle, which count as silence")
        if left_out_s > _GAP_S:
            self.notes.append(
                "has gaps in time that are too long to be filled with silence; "
                f"by its own times, its end is {left_out_s:.0f} s later"
            )

    def _n_delay_frames(self) -> int:
        """Return how many frames at the beginning are the encoder's delay, beyond what libav leaves out."""
        codec = self._stream.codec_context
        if codec.name in ("wmav1", "wmav2"):
            codec.flags2 |= _SKIP_MANUAL
            return 1 if self._container.metadata.get("encoder", "").startswith("Lavf") else 2
        return int(self._format in _UNTRIMMED and codec.name.startswith("aac"))

    def _frames(self) -> Iterator[AudioFrame]:
        """Decode what decodes, and count what does not."""
        idle = n_errors = 0
        while n_errors < _MAX_STUMBLES and idle < _MAX_IDLE_PACKETS:
            try:
                for packet in self._container.demux(self._stream):
                    frames = self._decoded(packet)
                    yield from frames
                    idle = 0 if frames else idle + 1
                    if idle >= _MAX_IDLE_PACKETS:
                        return
                return
            except LookupError:
                idle += 1  # a packet of a track that appeared on the way, which PyAV does not expect
            except av.FFmpegError:
                n_errors += 1
                self.n_damaged += 1
        yield from self._decoded(None)

    def _decoded(self, packet: Packet[AudioStream] | None) -> list[AudioFrame]:
        parse = _SELF_CRITICAL.get(self._stream.codec_context.name)
        if parse is not None and packet is not None and packet.size and parse(bytes(packet)[:1]) is None:
            self.n_damaged += 1
        try:
            frames = self._stream.decode(packet)
        except (av.FFmpegError, ValueError):
            self.n_damaged += packet is not None and packet.size > 0
            return []
        for frame in frames:
            # "5.1" is a layout's name; "3 channels (FL+FR+LFE)" and "ambisonic 1" are made of its parts.
            if " " in frame.layout.name:
                _keep_forever(frame.layout)
        return frames


def _tag(codec: AudioCodecContext) -> str:
    """Return the four letters that call the codec in the container."""
    try:
        return codec.codec_tag
    except UnicodeDecodeError:  # damaged
        return ""


def _keep_forever(layout: AudioLayout) -> None:
    """Let a layout never be deleted: PyAV 18 frees the memory of those without a name a second time, and crashes."""
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(layout))


def _timed_streams(container: InputContainer) -> list[Stream]:
    """Return the tracks of sound and moving picture: neither cover art nor text."""
    return [
        stream
        for stream in container.streams
        if stream.type == "audio" or (stream.type == "video" and not stream.disposition & Disposition.attached_pic)
    ]


def _samples(frame: AudioFrame) -> NDArray[np.float32]:
    """Return a frame's samples, of shape (n_samples, n_channels)."""
    n_channels, kind = frame.layout.nb_channels, frame.format.name
    is_planar = frame.format.is_planar
    kind = kind.removesuffix("p") if is_planar else kind
    # Not frame.to_ndarray(): of eight planar channels it takes what lies behind them for a ninth.
    planes = frame.planes[: n_channels if is_planar else 1]
    count = frame.samples if is_planar else frame.samples * n_channels
    columns = [np.frombuffer(memoryview(plane), _DTYPES[kind], count) for plane in planes]
    samples = np.stack(columns, axis=1) if is_planar else columns[0].reshape(-1, n_channels)
    if kind == "u8":
        samples = samples.astype(np.float32) - 128
    return samples.astype(np.float32) * np.float32(_SCALES[kind])


def _silence(n_samples: int, n_channels: int) -> Iterator[NDArray[np.float32]]:
    size = max(BLOCK_SAMPLES // n_channels, 1)
    for start in range(0, n_samples, size):
        yield np.zeros((min(size, n_samples - start), n_channels), np.float32)
