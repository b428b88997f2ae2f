"""Fixtures for all tests: the folders of the real recordings, a recognizer, and an encoder for every format."""

from __future__ import annotations

import io
import os
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import av
import numpy as np
import pytest
import soundfile
import soxr
from av.stream import Disposition
from hypothesis import settings

from affetto import Recognizer
from affetto.corpora.base import Corpus
from affetto.corpora.loading import load_corpus
from affetto.corpora.published import RAVDESS
from affetto.speech import read

if TYPE_CHECKING:
    from av.container import OutputContainer
    from numpy.typing import NDArray

pytest_plugins = ["tests.browser", "tests.recordings"]

# The first example pays for imports, and a failure must come back on the next run.
settings.register_profile("affetto", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("affetto")

_LONGEST = (
    "cli/test_training.py",
    "cli/test_training_networks.py",
    "training/export/test_waveform.py",
    "cli/test_recognize.py",
    "tests/test_documentation.py",
)

_LAYOUTS = {1: "mono", 2: "stereo", 3: "3.0", 6: "5.1", 8: "7.1"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files, so that in the end no worker waits for one."""
    items.sort(key=lambda item: not item.path.as_posix().endswith(_LONGEST))


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

    def at_rate_of(self, kind: str) -> NDArray[np.float32]:
        """The recording at the rate at which a format is encoded."""
        return self.at(FORMATS[kind].rate)

    def __call__(self, kind: str, samples: NDArray[np.float32] | None = None) -> bytes:
        """The recording, or other samples, in one of the formats."""
        form = FORMATS[kind]
        samples = self.at_rate_of(kind) if samples is None else samples
        if form.codec is None:
            out = io.BytesIO()
            soundfile.write(out, samples, form.rate, format=form.container, subtype=form.subtype)
            return out.getvalue()
        return self.mux(form.container, (form.codec, samples, form.rate))

    def mux(
        self,
        container: str,
        *tracks: tuple[str, NDArray[np.float32], int],
        picture: str | None = None,
        cover: bool = False,
        gap_s: float = 0.0,
    ) -> bytes:
        """One or more audio tracks of (codec, samples, rate), with a second of picture, or a cover, or a gap."""
        out = io.BytesIO()
        with av.open(out, "w", format=container) as muxer:
            sounds = [self._track(muxer, *track) for track in tracks]
            if cover or picture is not None:
                video: Any = muxer.add_stream(picture or "mjpeg", rate=25)
                video.width, video.height, video.pix_fmt = 64, 48, "yuvj420p" if cover else "yuv420p"
                if cover:
                    video.disposition = Disposition.attached_pic
                for i in range(1 if cover else 25):
                    image = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 8 * i, np.uint8), format="rgb24")
                    image.pts, image.time_base = i, Fraction(1, 25)
                    muxer.mux(video.encode(image))
                muxer.mux(video.encode(None))
            for sound, (_, samples, rate) in zip(sounds, tracks, strict=True):
                half = len(samples) // 2
                for start, part in ((0, samples[:half]), (half, samples[half:])) if gap_s else ((0, samples),):
                    frame = self._frame(part, rate)
                    frame.pts = start + (round(gap_s * rate) if start else 0)
                    muxer.mux(sound.encode(frame))
                muxer.mux(sound.encode(None))
        return out.getvalue()

    @staticmethod
    def _track(muxer: OutputContainer, codec: str, samples: NDArray[np.float32], rate: int) -> Any:
        sound: Any = muxer.add_stream(codec, rate=rate, layout=_LAYOUTS[samples.shape[1] if samples.ndim == 2 else 1])
        if codec.startswith("wma"):
            sound.bit_rate = 64_000
        return sound

    @staticmethod
    def _frame(samples: NDArray[np.float32], rate: int) -> av.AudioFrame:
        packed = np.ascontiguousarray(samples.reshape(1, -1), dtype=np.float32)
        layout = _LAYOUTS[samples.shape[1] if samples.ndim == 2 else 1]
        frame = av.AudioFrame.from_ndarray(packed, format="flt", layout=layout)
        frame.sample_rate, frame.time_base = rate, Fraction(1, rate)
        return frame


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return Path(__file__).parents[1]


@pytest.fixture(scope="session")
def data_dir(root: Path) -> Path:
    """Folder with the real corpora, named by AFFETTO_DATA; by default `data` in the repository, untracked."""
    folder = Path(os.environ.get("AFFETTO_DATA") or root / "data")
    if not folder.is_dir():
        pytest.skip(f"the real recordings are not in {folder}; name their folder with AFFETTO_DATA")
    return folder


@pytest.fixture(scope="session")
def ravdess_dir(data_dir: Path) -> Path:
    """All 1440 clips of RAVDESS."""
    return _part(data_dir, "ravdess")


@pytest.fixture(scope="session")
def nemo_dir(data_dir: Path) -> Path:
    """All clips of nEMO."""
    return _part(data_dir, "nemo")


@pytest.fixture(scope="session")
def emodb_dir(data_dir: Path) -> Path:
    """All clips of EMO-DB."""
    return _part(data_dir, "emodb")


@pytest.fixture(scope="session")
def names() -> Corpus:
    """All of RAVDESS without sound: the names of the clips tell speaker and emotion."""
    utterances = [RAVDESS.parse(Path(f"{clip}.wav")) for clip in RAVDESS.clips]
    return Corpus(RAVDESS.name, RAVDESS.licence, RAVDESS.citation, utterances)


@pytest.fixture(scope="session")
def ravdess(ravdess_dir: Path) -> Corpus:
    """All of RAVDESS, with sound."""
    return load_corpus(ravdess_dir)


@pytest.fixture(scope="session")
def tiny_encoder(data_dir: Path) -> Path:
    """The checkpoint of Whisper tiny.en."""
    return _part(data_dir, "whisper-tiny.en")


def _part(data_dir: Path, name: str) -> Path:
    folder = data_dir / name
    if not folder.is_dir():
        pytest.skip(f"{name} is not in {data_dir}")
    return folder


@pytest.fixture(scope="session")
def recognizer() -> Recognizer:
    """A recognizer with the default model, which no test may adapt."""
    return Recognizer()


@pytest.fixture(scope="session")
def encode(root: Path) -> Encoder:
    """Encodes one of the examples."""
    waveform = read(root / "examples" / "happy.flac")
    # Resampled and encoded, it must still not exceed full scale.
    return Encoder(waveform.samples * np.float32(0.5), waveform.sample_rate_hz)


@pytest.fixture(scope="session")
def make_encoder() -> type[Encoder]:
    """The class that encodes other recordings."""
    return Encoder


@pytest.fixture(scope="session")
def kinds() -> list[str]:
    """The names of all formats."""
    return sorted(FORMATS)
