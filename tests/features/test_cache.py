from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.torch import load_file, save_file
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from affetto.errors import AudioError, ParameterError
from affetto.features import BandFrames, CachedTransformer, EncoderMeans
from affetto.preprocessing import ReadSpeech
from affetto.preprocessing.pipeline import StatelessTransformer
from affetto.speech import Waveform, read


class Mean(StatelessTransformer):
    """Mean and length of each recording; counts the computed recordings."""

    computed = 0

    def __init__(self, factor: float = 1.0) -> None:
        self.factor = factor

    def transform(self, X: Any) -> Any:
        Mean.computed += len(X)
        return [[self.factor * w.samples.mean(), len(w.samples)] for w in ReadSpeech().transform(X)]


@pytest.fixture
def clips(tmp_path: Path, ravdess_dir: Path) -> list[Path]:
    Mean.computed = 0
    names = sorted((ravdess_dir / "Actor_03").glob("*-01-01-03.flac"))[:4]
    return [Path(shutil.copy(name, tmp_path)) for name in names]


def test_a_second_run_computes_nothing(tmp_path: Path, clips: list[Path]) -> None:
    cached = CachedTransformer(Mean(), folder=tmp_path / "cache", n_jobs=1)
    first = cached.transform(clips)
    assert Mean.computed == 4
    assert np.array_equal(clone(cached).transform(clips[::-1]), first[::-1])
    assert Mean.computed == 4
    assert np.allclose(first, Mean().transform(clips))


def test_the_content_of_a_file_is_the_key(tmp_path: Path, clips: list[Path]) -> None:
    cached = CachedTransformer(Mean(), folder=tmp_path / "cache", n_jobs=1)
    cached.transform(clips)
    moved = clips[0].rename(tmp_path / "elsewhere.flac")
    assert np.array_equal(cached.transform([moved]), cached.transform([moved.read_bytes()]))
    assert Mean.computed == 4
    moved.write_bytes(clips[1].read_bytes())
    assert np.array_equal(cached.transform([moved]), cached.transform([clips[1]]))


def test_other_parameters_have_other_entries(tmp_path: Path, clips: list[Path]) -> None:
    cached = CachedTransformer(Mean(), folder=tmp_path / "cache", n_jobs=1)
    plain = cached.transform(clips)[:, 0]
    doubled = clone(cached).set_params(transformer__factor=2.0).transform(clips)[:, 0]
    assert np.allclose(doubled, 2 * plain)


def test_another_version_has_other_entries(tmp_path: Path, clips: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    cached = CachedTransformer(Mean(), folder=tmp_path / "cache", n_jobs=1)
    first = cached.transform(clips)
    monkeypatch.setattr("affetto.features.cache.CACHE_VERSION", 0)
    assert np.array_equal(cached.transform(clips), first)
    assert Mean.computed == 8


@pytest.mark.parametrize("content", [b"", b"damaged"])
def test_a_damaged_entry_is_computed_again(tmp_path: Path, clips: list[Path], content: bytes) -> None:
    cached = CachedTransformer(Mean(), folder=tmp_path / "cache", n_jobs=1)
    first = cached.transform(clips)
    entry = next((tmp_path / "cache").rglob("*.npy"))
    entry.write_bytes(content)
    assert np.array_equal(cached.transform(clips), first)
    assert Mean.computed == 5
    assert np.array_equal(cached.transform(clips), first)
    assert Mean.computed == 5


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, clips: list[Path]) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ParameterError, match=r"file.*AFFETTO_CACHE"):
        CachedTransformer(Mean(), folder=tmp_path / "file").transform(clips)


def test_waveforms_are_cached(tmp_path: Path, clips: list[Path]) -> None:
    waveform = read(clips[0])
    cached = CachedTransformer(Mean(), folder=tmp_path / "cache", n_jobs=1)
    other_rate = Waveform(waveform.samples, waveform.sample_rate_hz // 2)
    rows = cached.transform([waveform, other_rate, waveform])
    assert Mean.computed == 2
    assert np.array_equal(rows[0], rows[2])
    assert rows[1, 1] == pytest.approx(2 * rows[0, 1], abs=1)


def test_an_unreadable_file_is_refused(tmp_path: Path) -> None:
    spoiled = tmp_path / "spoiled.wav"
    spoiled.write_text("no sound")
    for path in (spoiled, tmp_path / "missing.wav"):
        with pytest.raises(AudioError, match=path.name):
            CachedTransformer(Mean(), folder=tmp_path / "cache").transform([path])
    assert not list((tmp_path / "cache").rglob("*.npy"))


def test_sequences_are_cached(tmp_path: Path, clips: list[Path]) -> None:
    pipeline = Pipeline([("speech", ReadSpeech()), ("frames", BandFrames())])
    cached = CachedTransformer(pipeline, folder=tmp_path / "cache", n_jobs=1)
    direct = pipeline.transform(clips)
    assert len({len(sequence) for sequence in direct}) > 1
    for rows in (cached.transform(clips), clone(cached).transform(clips)):
        assert rows.shape == (4,)
        assert all(np.array_equal(a, b) and a.dtype == b.dtype for a, b in zip(rows, direct, strict=True))
    # Also sequences of equal length.
    for same in ([clips[0]], [clips[0]] * 3):
        rows = cached.transform(same)
        assert rows.shape == (len(same),)
        assert all(np.array_equal(row, direct[0]) for row in rows)


@pytest.fixture
def encoder(tiny_encoder: Path, tmp_path: Path) -> Path:
    """A Whisper checkpoint that a test may change."""
    return Path(shutil.copytree(tiny_encoder, tmp_path / "encoder", copy_function=shutil.copyfile))


def test_other_weights_of_an_encoder_have_other_entries(tmp_path: Path, clips: list[Path], encoder: Path) -> None:
    pipeline = Pipeline([("speech", ReadSpeech()), ("frames", EncoderMeans(encoders=[encoder]))])
    cached = CachedTransformer(pipeline, folder=tmp_path / "cache", n_jobs=1)

    def entries() -> int:
        return len(list((tmp_path / "cache").rglob("*.npy")))

    cached.transform(clips[:1])
    clone(cached).transform(clips[:1])
    assert entries() == 1
    encoder.chmod(0o755)
    tensors = load_file(encoder / "model.safetensors")
    tensors["model.encoder.conv1.bias"] = tensors["model.encoder.conv1.bias"] + 0.5
    save_file(tensors, encoder / "model.safetensors")
    clone(cached).transform(clips[:1])
    assert entries() == 2
