"""Decoding with libav through PyAV: m4a, webm, amr, wma, and the sound of videos."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING

import av
import numpy as np
from av.stream import Discard, Disposition

from affetto.errors import AudioError
from affetto.speech.decoders.base import BLOCK_SAMPLES, UnreadableError, reason

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from av.audio.codeccontext import AudioCodecContext
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container.input import InputContainer
    from av.packet import Packet
    from av.stream import Stream
    from numpy.typing import NDArray

    from affetto.speech.decoders.base import EncodedFile

# Formats that are looked for. Playlists (hls, dash, concat, sdp) are left out because they open other files and
# addresses, headerless formats because they take any bytes for sound.
# fmt: off
_DEMUXERS = (
    "aac", "ac3", "aiff", "amr", "asf", "au", "avi", "caf", "dss", "eac3", "flac", "flv", "loas", "matroska", "mov",
    "mp3", "mpeg", "mpegts", "ogg", "w64", "wav", "wv",
)
# Audio codecs only: damaged pictures must not cost time, memory or safety.
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
    # No other file or address is opened.
    "protocol_whitelist": "none",
    # libav would read far into a video for properties of the picture.
    "probesize": str(1 << 20),
}
_WITH_CHECKSUMS = ("ac3", "eac3", "flac", "wavpack")
_ENCRYPTED_TAGS = ("drms", "enca")

# Formats whose headers state a duration. libav estimates that of the others from their size.
_STATE_DURATION = ("mov", "avi", "wv")
_STATE_LONGEST_DURATION = ("matroska", "asf", "flv")  # that of the longest track
# Formats that cannot state how much of the beginning of AAC is the encoder's delay. Its first frame always is.
_UNTRIMMED = ("aac", "loas", "mpegts", "flv")

# A gap between the times of packets is filled with silence: the sound starts after the picture, a codec or a network
# left something out, or a packet is damaged. Times are rounded, hence the thresholds.
_START_GAP_S = 0.02
_GAP_S = 0.1
_TIMED_EXACTLY = ("flac",)
_EXACT_GAP_S = 0.001
# Codecs that omit silence on purpose.
_OMIT_SILENCE = ("amrnb", "amrwb", "evrc", "g723_1", "g729", "opus", "qcelp", "speex")
# Damaged times must not become hours of silence.
_MAX_SILENCE_S = 300.0

# Errors of the demuxer, and packets in a row without a frame, after which the rest is given up.
_MAX_ERRORS = 100
_MAX_IDLE_PACKETS = 20_000

_SCALES = {"u8": 2.0**-7, "s16": 2.0**-15, "s32": 2.0**-31, "s64": 2.0**-63, "flt": 1.0, "dbl": 1.0}
_DTYPES = {"u8": "u1", "s16": "i2", "s32": "i4", "s64": "i8", "flt": "f4", "dbl": "f8"}


class LibavDecoder:
    """Decodes one audio track; has the attributes of `RecordingDecoder`.

    Parameters
    ----------
    file : EncodedFile
        The file, at its beginning.
    name : str
        Name for error messages.
    track : int or None
        Number of the audio track, counted from 1; None for the one that players choose.
    block_samples : int
        Most samples in a block, about; fewer are sooner there if the file still arrives.

    Raises
    ------
    UnreadableError
        If the format is unknown, or nothing can be decoded.
    AudioError
        If the file holds no audio, no such track, encrypted audio or an unsupported codec.
    """

    tolerance_s = 0.3

    def __init__(self, file: EncodedFile, *, name: str, track: int | None, block_samples: int = BLOCK_SAMPLES) -> None:
        self._file = file
        self._block_samples = block_samples
        self.warnings: list[str] = []
        self._n_damaged = 0
        self._position_s = self._silence_s = self._omitted_s = self._missing_s = 0.0
        try:
            self._container = av.open(file, mode="r", options=_OPTIONS, metadata_errors="replace")
        except (av.FFmpegError, ValueError) as error:
            raise UnreadableError(reason(error)) from None
        try:
            self._stream = self._audio_stream(name, track)
            self._format = self._container.format.name.partition(",")[0]
            self._origin_s = self._start_s()
            self.header_duration_s = self._stated_duration_s()
            self._blocks = self._joined()
            first = next(self._blocks, None)
            if first is None:
                raise UnreadableError("nothing of its audio can be decoded")
        except BaseException:
            self._container.close()
            raise
        file.mark_opened()
        self._first = first
        self.sample_rate_hz = first[1]
        self.n_channels = first[0].shape[1]

    def blocks(self) -> Iterator[tuple[NDArray[np.float32], int]]:
        """Yield the samples and their sample rate, with silence where packets are damaged or missing."""
        yield self._first
        yield from self._blocks
        self._file.check()
        if self._n_damaged:
            pieces = "1 piece" if self._n_damaged == 1 else f"{self._n_damaged} pieces"
            self.warnings.append(f"is damaged: {pieces} cannot be decoded; the rest was read")
        if self._missing_s and self._stream.codec_context.name not in _OMIT_SILENCE:
            self.warnings.append(f"lacks {self._missing_s:.2f} s in its middle, which became silence")
        if self._omitted_s > _GAP_S:
            self.warnings.append(
                f"has gaps too long to be filled with silence; by its own times it ends {self._omitted_s:.0f} s later"
            )

    def close(self) -> None:
        """Release the file."""
        self._blocks.close()
        self._container.close()
        self._file.close()

    def _audio_stream(self, name: str, track: int | None) -> AudioStream:
        """Choose the track and check that it can be decoded."""
        streams = self._container.streams
        chosen = self._chosen_stream(name, track)
        codec = chosen.codec_context
        is_protected = any(key.startswith("ASF_Protection") for key in self._container.metadata)
        if is_protected or (codec is not None and _tag(codec) in _ENCRYPTED_TAGS):
            raise AudioError(f"{name} is encrypted (DRM); export it without protection")
        if codec is None or codec.name not in _DECODERS:
            kind = "of an unknown codec" if codec is None else f"of the codec {codec.name}"
            raise AudioError(f"{name} holds audio {kind}, which is not supported; convert it, for example to wav")
        if codec.name in _WITH_CHECKSUMS:
            # By default a damaged frame is decoded to loud noise in spite of its checksum.
            codec.options = {"err_detect": "crccheck+explode"}
        for stream in streams:
            if stream.index != chosen.index:
                stream.discard = Discard.all
        return chosen

    def _chosen_stream(self, name: str, track: int | None) -> AudioStream:
        streams = self._container.streams
        tracks = streams.audio
        if not tracks:
            raise AudioError(f"{name} holds no audio; give a recording with an audio track")
        if track is None:
            best = streams.best("audio") or tracks[0]
            return next(stream for stream in tracks if stream.index == best.index)
        if track > len(tracks):
            raise AudioError(f"{name} has {len(tracks)} audio track{'s' * (len(tracks) > 1)}, but not track {track}")
        return tracks[track - 1]

    def _start_s(self) -> float | None:
        """Return when the recording starts by its tracks of sound and picture; None if only its sound tells."""
        starts = [
            float(stream.start_time * stream.time_base)
            for stream in _timed_streams(self._container)
            if stream.start_time is not None and stream.time_base
        ]
        return min(starts) if len(starts) > 1 else None

    def _stated_duration_s(self) -> float:
        """Return the duration that the header states for the track, 0 if it states none."""
        stream, duration = self._stream, self._container.duration
        if self._format in _STATE_DURATION and stream.duration and stream.time_base:
            return float(stream.duration * stream.time_base)
        if self._format in _STATE_LONGEST_DURATION and duration and len(_timed_streams(self._container)) == 1:
            return duration / av.time_base
        return 0.0

    def _joined(self) -> Generator[tuple[NDArray[np.float32], int], None, None]:
        """Join frames of the same sample rate and number of channels into blocks."""
        pieces: list[NDArray[np.float32]] = []
        size = rate = 0
        for piece, piece_rate in self._timed():
            if pieces and (piece_rate != rate or piece.shape[1] != pieces[0].shape[1] or size >= self._block_samples):
                yield np.concatenate(pieces), rate
                pieces, size = [], 0
            pieces.append(piece)
            rate = piece_rate
            size += piece.size
        if pieces:
            yield np.concatenate(pieces), rate

    def _timed(self) -> Iterator[tuple[NDArray[np.float32], int]]:
        """Yield samples and sample rate of each frame, and silence for gaps between their times."""
        is_delay = self._format in _UNTRIMMED and self._stream.codec_context.name.startswith("aac")
        for frame in self._frames():
            samples = _samples(frame)
            if is_delay or not samples.size:
                is_delay = False
                continue
            rate = frame.sample_rate
            for silence in _silence(round(self._silence_before(frame) * rate), samples.shape[1]):
                yield silence, rate
            yield samples, rate
            self._position_s += len(samples) / rate

    def _silence_before(self, frame: AudioFrame) -> float:
        """Return how many seconds of silence fill the gap before a frame, and count them."""
        time_base = frame.time_base or self._stream.time_base
        if frame.pts is None or not time_base:
            return 0.0
        time_s = float(frame.pts * time_base)
        if self._origin_s is None:
            self._origin_s = time_s
        gap_s = time_s - self._origin_s - self._position_s
        self._omitted_s = gap_s
        min_gap_s = _EXACT_GAP_S if self._format in _TIMED_EXACTLY else _GAP_S
        if gap_s <= (min_gap_s if self._position_s else _START_GAP_S) or self._silence_s + gap_s > _MAX_SILENCE_S:
            return 0.0
        if self._position_s:
            self._missing_s += gap_s
        elif self.header_duration_s:
            self.header_duration_s += gap_s
        self._omitted_s = 0.0
        self._position_s += gap_s
        self._silence_s += gap_s
        return gap_s

    def _frames(self) -> Iterator[AudioFrame]:
        """Decode the packets, and count those that cannot be decoded."""
        n_idle = n_errors = 0
        while n_errors < _MAX_ERRORS and n_idle < _MAX_IDLE_PACKETS:
            try:
                for packet in self._container.demux(self._stream):
                    frames = self._decoded(packet)
                    yield from frames
                    n_idle = 0 if frames else n_idle + 1
                    if n_idle >= _MAX_IDLE_PACKETS:
                        return
                return
            except LookupError:
                n_idle += 1  # a packet of a track that appeared late, which PyAV does not expect
            except av.FFmpegError:
                n_errors += 1
                self._n_damaged += 1
        yield from self._decoded(None)

    def _decoded(self, packet: Packet[AudioStream] | None) -> list[AudioFrame]:
        if packet is not None and packet.size and self._stream.codec_context.name in ("amrnb", "amrwb"):
            self._n_damaged += _is_damaged_amr(bytes(packet)[0])
        try:
            frames = self._stream.decode(packet)
        except (av.FFmpegError, ValueError):
            self._n_damaged += packet is not None and packet.size > 0
            return []
        for frame in frames:
            # PyAV 18 frees the memory of a layout without a name ("3 channels (FL+FR+LFE)") twice, which ends the
            # process. An additional reference keeps it from being freed.
            if " " in (layout := frame.layout).name:
                ctypes.pythonapi.Py_IncRef(ctypes.py_object(layout))
        return frames


def _is_damaged_amr(head: int) -> bool:
    """Return whether the first byte of a frame of AMR says that it is damaged, or is not valid."""
    has_sound = head >> 3 & 15 < 14
    return bool(head & 0x83) or (has_sound and not head & 4)


def _tag(codec: AudioCodecContext) -> str:
    """Return the four letters by which the container names the codec."""
    try:
        return codec.codec_tag
    except UnicodeDecodeError:  # damaged
        return ""


def _timed_streams(container: InputContainer) -> list[Stream]:
    """Return the tracks of sound and moving picture, without covers and text."""
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
    # Not frame.to_ndarray(), which finds nine channels where there are eight planes.
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
