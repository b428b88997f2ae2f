from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from affetto.adaptation.offset_model import OffsetModel
from affetto.adaptation.profile import AdaptationProfile, require_replaceable
from affetto.bundles.bundle import Bundle
from affetto.classifiers.onnx_model import ModelOutput
from affetto.errors import ParameterError, ProfileError
from affetto.recognition.aggregator import SegmentPrediction

WIDTH = 5


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    """A bundle with the fields that a profile needs."""
    random = np.random.default_rng(3)
    model = OffsetModel(random.normal(0, 3, (3, WIDTH)), np.full(WIDTH, 2.0), np.full(WIDTH, 4.0))
    manifest = {
        "name": "mine",
        "labels": ["angry", "neutral", "sad"],
        "model": {"sha256": "ab" * 32},
        "offset_model": model.to_dict(),
    }
    return Bundle(Path("mine"), manifest, b"")


def segments(bundle: Bundle, count: int, *, n_speakers: int = 1, seed: int = 0) -> list[SegmentPrediction]:
    """Half a second each, in single precision as a model gives them."""
    model = bundle.offset_model
    assert model is not None
    random = np.random.default_rng(seed)
    speakers = random.normal(0, 2, (n_speakers, WIDTH))
    embeddings = model.means[random.integers(3, size=count)] + speakers[np.arange(count) % n_speakers]
    embeddings = (embeddings + 0.4 * random.normal(size=(count, WIDTH))).astype(np.float32)
    return [SegmentPrediction(n, n + 0.5, ModelOutput(np.full(3, 1 / 3), row)) for n, row in enumerate(embeddings)]


@pytest.fixture(scope="module")
def profile(bundle: Bundle) -> AdaptationProfile:
    return AdaptationProfile.from_segments(bundle, segments(bundle, 20))


def changed(profile: AdaptationProfile, path: Path, change: dict[str, Any]) -> Path:
    """Save it, and edit the file by hand."""
    profile.save(path)
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | change))
    return path


def test_a_profile_knows_the_length_of_its_speech(profile: AdaptationProfile) -> None:
    assert len(profile) == 20
    assert profile.speech_s == 10
    assert profile.embeddings.shape == (20, WIDTH)
    assert (profile.model, profile.model_sha256) == ("mine", "ab" * 32)
    assert "embeddings" not in repr(profile)  # they are long


@pytest.mark.parametrize(("n_speakers", "count", "expected"), [(1, 30, "one"), (30, 30, "several"), (1, 5, "unknown")])
def test_a_profile_knows_whether_one_person_speaks(bundle: Bundle, n_speakers: int, count: int, expected: str) -> None:
    assert (
        AdaptationProfile.from_segments(bundle, segments(bundle, count, n_speakers=n_speakers)).speaker_count
        == expected
    )


def test_a_repeated_segment_counts_once(bundle: Bundle) -> None:
    """Otherwise a repeated recording would make the offset too certain."""
    predicted = segments(bundle, 4)
    repeated = [*predicted, *predicted[:2], predicted[0]]
    once, again = (AdaptationProfile.from_segments(bundle, given) for given in (predicted, repeated))
    assert (len(again), again.speech_s) == (len(once), once.speech_s) == (4, 2)
    assert np.array_equal(again.embeddings, once.embeddings)


def test_the_offset_is_learned_by_the_model(bundle: Bundle, profile: AdaptationProfile) -> None:
    model = bundle.offset_model
    assert model is not None
    offset, wanted = profile.offset(bundle), model.learn(profile.embeddings)
    assert offset.count == 20
    assert np.array_equal(offset.mean, wanted.mean)
    assert np.abs(offset.mean).max() > 0.5


def test_a_profile_is_the_same_after_it_was_saved(bundle: Bundle, profile: AdaptationProfile, tmp_path: Path) -> None:
    profile.save(tmp_path / "me.json")
    again = AdaptationProfile.load(tmp_path / "me.json")
    for one, other in zip(dataclasses.astuple(profile), dataclasses.astuple(again), strict=True):
        assert np.array_equal(one, other)
    assert np.array_equal(again.offset(bundle).mean, profile.offset(bundle).mean)
    before = (tmp_path / "me.json").read_bytes()
    again.save(str(tmp_path / "me.json"))
    assert (tmp_path / "me.json").read_bytes() == before


def test_a_saved_profile_is_plain_data_without_sound_or_labels(profile: AdaptationProfile, tmp_path: Path) -> None:
    profile.save(tmp_path / "me.json")
    content = json.loads((tmp_path / "me.json").read_text(encoding="utf-8"))
    assert set(content) == {"format", "format_version", "model", "speech_s", "speaker_count", "embeddings"}
    assert [path.name for path in tmp_path.iterdir()] == ["me.json"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not valid JSON"),
        (b"{", "not valid JSON"),
        (b"\xff\xfe\x00", "not valid JSON"),
        (b"[" * 100_000, "not valid JSON"),
        (b"[]", "not an adaptation profile"),
        (b'{"format": "a diary"}', "not an adaptation profile"),
        (b'{"format": "affetto speaker profile", "format_version": 1}', "not an adaptation profile"),
        (
            b'{"format": "affetto adaptation profile", "format_version": 2}',
            "format version 2",
        ),
        (b'{"format": "affetto adaptation profile", "format_version": 1}', "damaged.*'model'"),
    ],
)
def test_a_file_that_is_not_a_profile_is_refused(content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "me.json").write_bytes(content)
    with pytest.raises(ProfileError, match=message) as caught:
        AdaptationProfile.load(tmp_path / "me.json")
    assert str(tmp_path / "me.json") in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "change",
    [
        {"embeddings": []},
        {"embeddings": [1, 2]},
        {"embeddings": "none"},
        {"embeddings": [[1.0], [1.0, 2.0]]},
        {"embeddings": None},
        *({"embeddings": [[0.0, value]]} for value in (float("nan"), float("-inf"), 1e300, 9e5)),
        {"speech_s": "long"},
        {"speech_s": -1},
        {"speech_s": float("nan")},
        {"speech_s": float("inf")},
        {"speech_s": None},
        {"speaker_count": "two"},
        {"speaker_count": 1},
        {"speaker_count": None},
        {"speaker_count": ["one"]},
        {"model": "transformer"},
        {"model": None},
        {"model": {"name": "transformer"}},
    ],
    ids=str,
)
def test_a_damaged_profile_is_refused(change: dict[str, Any], profile: AdaptationProfile, tmp_path: Path) -> None:
    path = changed(profile, tmp_path / "me.json", change)
    with pytest.raises(ProfileError, match=r"me\.json is damaged") as caught:
        AdaptationProfile.load(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"embeddings": np.zeros((0, WIDTH))}, r"embeddings.*\(0, 5\)"),
        ({"embeddings": np.zeros(WIDTH)}, r"embeddings.*\(5,\)"),
        ({"embeddings": np.full((1, WIDTH), np.nan)}, "out of range"),
        ({"speech_s": float("nan")}, "speech_s is nan"),
        ({"speaker_count": "two"}, "speaker_count is 'two'"),
    ],
)
def test_values_of_a_profile_are_checked(change: dict[str, Any], message: str, profile: AdaptationProfile) -> None:
    with pytest.raises(ProfileError, match=message):
        dataclasses.replace(profile, **change)


def test_a_missing_profile_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match=r"nowhere\.json.*affetto adapt"):
        AdaptationProfile.load(tmp_path / "nowhere.json")


def test_a_profile_that_cannot_be_written_is_an_error(profile: AdaptationProfile, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="cannot be written"):
        profile.save(tmp_path / "missing" / "me.json")


def test_only_a_valid_profile_is_replaced(profile: AdaptationProfile, tmp_path: Path) -> None:
    profile.save(tmp_path / "me.json")
    require_replaceable(tmp_path / "me.json", sources=[])
    require_replaceable(tmp_path / "new.json", sources=[])
    (tmp_path / "diary.txt").write_text("dear diary")
    with pytest.raises(ParameterError, match=r"diary\.txt exists"):
        require_replaceable(tmp_path / "diary.txt", sources=[])


def test_a_profile_of_another_model_is_refused(bundle: Bundle, profile: AdaptationProfile) -> None:
    other = dataclasses.replace(profile, model="yours", model_sha256="0" * 64)
    with pytest.raises(ProfileError, match=r"another model.*yours.*mine"):
        other.offset(bundle)
    # Otherwise an edited profile would fail in the middle of a recording.
    narrow = dataclasses.replace(profile, embeddings=profile.embeddings[:, 1:])
    with pytest.raises(ProfileError, match=r"4 dimensions.*mine 5"):
        narrow.offset(bundle)


def test_a_model_without_an_offset_model_cannot_be_adapted(bundle: Bundle, profile: AdaptationProfile) -> None:
    fixed = dataclasses.replace(bundle, manifest={k: v for k, v in bundle.manifest.items() if k != "offset_model"})
    with pytest.raises(ProfileError, match="the model mine cannot be adapted"):
        AdaptationProfile.from_segments(fixed, segments(bundle, 3))
    with pytest.raises(ProfileError, match="the model mine cannot be adapted"):
        profile.offset(fixed)
