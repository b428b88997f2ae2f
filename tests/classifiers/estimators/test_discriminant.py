from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.utils.estimator_checks import parametrize_with_checks

from affetto.classifiers.estimators.discriminant import AdditiveDiscriminant

EMOTIONS, WIDTH = 4, 12


@parametrize_with_checks([AdditiveDiscriminant()])  # type: ignore[untyped-decorator] # scikit-learn is untyped
def test_is_a_proper_scikit_learn_estimator(estimator: Any, check: Any) -> None:
    check(estimator)


@dataclass
class Rows:
    """Features of utterances, and their metadata."""

    X: np.ndarray
    y: np.ndarray
    speakers: np.ndarray
    corpora: np.ndarray

    def metadata(self) -> dict[str, np.ndarray]:
        return {"groups": self.speakers, "corpora": self.corpora}


def rows(n_corpora: int = 1, n_speakers: int = 30, each: int = 5, *, seed: int = 0, corpus: float = 0.0) -> Rows:
    """Return samples of the model: emotion, corpus, speaker, residual; `corpus` is the deviation of corpora."""
    world, random = np.random.default_rng(9), np.random.default_rng(seed)
    means = world.normal(0, 0.8, (EMOTIONS, WIDTH))
    scale = np.linspace(1.5, 0.1, WIDTH)
    X, y, speakers, corpora = [], [], [], []
    for c in range(n_corpora):
        shift = corpus * random.normal(size=WIDTH) * (np.arange(WIDTH) % 3 == 0)
        for s in range(n_speakers):
            own = scale * random.normal(size=WIDTH)
            for emotion in np.repeat(np.arange(EMOTIONS), each):
                X.append(means[emotion] + shift + own + random.normal(size=WIDTH))
                y.append(emotion)
                speakers.append(f"{s}")
                corpora.append(f"c{c}")
    return Rows(*map(np.array, (X, y, speakers, corpora)))


def test_with_one_speaker_it_is_linear_discriminant_analysis() -> None:
    X, y = load_iris(return_X_y=True)
    ours = AdditiveDiscriminant(shrinkage=0).fit(X, y)
    theirs = LinearDiscriminantAnalysis(solver="lsqr").fit(X, y)  # of as many of each class
    assert ours.predict_proba(X) == pytest.approx(theirs.predict_proba(X), abs=1e-3)
    assert np.array_equal(ours.predict(X), theirs.predict(X))
    assert ours.transform(X).shape == (150, 2)
    # One speaker does not show how speakers differ.
    assert ours.offset_model_.offset_variance == pytest.approx([0, 0], abs=1e-9)


def test_embeddings_have_unit_noise_and_uncorrelated_offsets() -> None:
    given = rows(n_speakers=400)
    fitted = AdditiveDiscriminant(shrinkage=0, speaker_weight=1).fit(given.X, given.y, **given.metadata())
    embeddings = fitted.transform(given.X) - fitted.offset_model_.means[given.y]
    by_speaker = embeddings.reshape(400, -1, embeddings.shape[1])
    noise = by_speaker - by_speaker.mean(axis=1, keepdims=True)
    covariance = np.einsum("sui,suj->ij", noise, noise) / (noise.shape[0] * (noise.shape[1] - 1))
    assert covariance == pytest.approx(np.eye(len(covariance)), abs=0.1)
    offsets = np.cov(by_speaker.mean(axis=1).T)
    found = fitted.offset_model_.offset_variance
    assert np.abs(offsets - np.diag(np.diag(offsets))).max() < 0.1
    # Shrunken a little, since they are estimated from a few utterances each.
    assert np.diag(offsets) == pytest.approx(found, rel=0.25, abs=0.1)
    assert fitted.offset_model_.speaker_variance == pytest.approx(found, rel=1e-6, abs=1e-9)


def test_the_emotions_are_at_their_means() -> None:
    given = rows()
    fitted = AdditiveDiscriminant().fit(given.X, given.y, **given.metadata())
    embeddings = fitted.transform(given.X)
    means = np.stack([embeddings[given.y == emotion].mean(axis=0) for emotion in range(EMOTIONS)])
    assert fitted.offset_model_.means == pytest.approx(means, abs=1e-6)
    assert fitted.offset_model_.means.mean(axis=0) == pytest.approx(0, abs=1e-9)


def test_differences_between_corpora_are_not_taken_for_emotion() -> None:
    """Each training corpus has one frequent emotion; the test corpora are new."""
    ours, theirs = [], []
    for seed in range(10):
        whole, new = rows(4, 10, seed=seed, corpus=2), rows(6, 10, seed=100 + seed, corpus=2)
        frequent = whole.y == np.unique(whole.corpora, return_inverse=True)[1]
        kept = frequent | (np.arange(len(whole.y)) % 5 == 0)
        known = Rows(whole.X[kept], whole.y[kept], whole.speakers[kept], whole.corpora[kept])
        fitted = AdditiveDiscriminant(shrinkage=0.01).fit(known.X, known.y, **known.metadata())
        ours.append((fitted.predict(new.X) == new.y).mean())
        plain = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.01).fit(known.X, known.y)
        theirs.append((plain.predict(new.X) == new.y).mean())
    assert np.mean(ours) > np.mean(theirs) + 0.03


def test_speakers_of_one_name_in_two_corpora_are_two() -> None:
    given = rows(2, 8, corpus=2)
    named = np.char.add(given.corpora, given.speakers)
    one = AdditiveDiscriminant().fit(given.X, given.y, groups=given.speakers, corpora=given.corpora)
    other = AdditiveDiscriminant().fit(given.X, given.y, groups=named, corpora=given.corpora)
    assert np.allclose(one.predict_log_proba(given.X), other.predict_log_proba(given.X))


def test_a_corpus_counts_by_the_root_of_its_size() -> None:
    X = np.random.default_rng(0).normal(size=(500, 3))
    y = np.arange(500) % 2
    X[:, 0] += 5 * y
    corpora = np.repeat(["small", "large"], [100, 400])
    X[:, 1] += np.where(corpora == "large", 3.0, 0.0)
    # With this `few`, speakers have no offsets.
    fitted = AdditiveDiscriminant(few=1e12).fit(X, y, corpora=corpora)
    means = {name: X[corpora == name].reshape(-1, 2, 3).mean(axis=(0, 1)) for name in ("small", "large")}
    assert fitted.mean_ == pytest.approx((10 * means["small"] + 20 * means["large"]) / 30)


def distorted(given: Rows, *, by: float = 3.0) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return recordings and copies whose last feature, the most informative one, is noisy."""
    copies = given.X.copy()
    copies[:, -1] += by * np.random.default_rng(1).normal(size=len(copies))
    count = len(given.X)
    metadata = {name: np.tile(values, 2) for name, values in given.metadata().items()}
    metadata |= {"augmented": np.repeat([False, True], count), "recordings": np.tile(np.arange(count), 2)}
    return np.concatenate([given.X, copies]), metadata


def test_augmented_copies_teach_only_noise() -> None:
    given = rows()
    X, metadata = distorted(given)
    y = np.tile(given.y, 2)
    plain = AdditiveDiscriminant(shrinkage=0.1).fit(given.X, given.y, **given.metadata())
    ignoring = AdditiveDiscriminant(shrinkage=0.1, distortion_weight=0).fit(X, y, **metadata)
    assert np.allclose(ignoring.predict_log_proba(given.X), plain.predict_log_proba(given.X))
    heeding = AdditiveDiscriminant(shrinkage=0.1, distortion_weight=1).fit(X, y, **metadata)
    assert np.allclose(heeding.mean_, plain.mean_)
    spoilt, _ = distorted(rows(seed=7))
    change = [np.abs(m.transform(spoilt[:600]) - m.transform(spoilt[600:])).max() for m in (plain, heeding)]
    assert change[1] < 0.6 * change[0]
    expected = np.tile(rows(seed=7).y, 2)
    assert heeding.score(spoilt[600:], expected[600:]) > plain.score(spoilt[600:], expected[600:]) + 0.02


def test_the_order_of_samples_changes_nothing() -> None:
    given = rows()
    X, metadata = distorted(given)
    y = np.tile(given.y, 2)
    order = np.random.default_rng(2).permutation(len(X))
    one = AdditiveDiscriminant().fit(X, y, **metadata)
    other = AdditiveDiscriminant().fit(X[order], y[order], **{name: values[order] for name, values in metadata.items()})
    assert np.allclose(one.predict_log_proba(X), other.predict_log_proba(X), atol=1e-8)


@pytest.mark.parametrize("shrinkage", [0.0, 1.0])
@pytest.mark.parametrize(("count", "width"), [(4, 1), (4, 500), (8, 1_024), (8, 2)])
def test_a_few_samples_give_finite_probabilities(count: int, width: int, shrinkage: float) -> None:
    X = np.random.default_rng(0).normal(size=(count, width))
    y = np.arange(count) % 2
    fitted = AdditiveDiscriminant(shrinkage=shrinkage).fit(X, y, groups=np.arange(count) // 2 % 2)
    new = np.random.default_rng(1).normal(size=(5, width))
    assert np.isfinite(fitted.predict_log_proba(new)).all()
    assert len(np.unique(fitted.predict_log_proba(new), axis=0)) == 5


@pytest.mark.parametrize("name", ["shrinkage", "speaker_weight", "corpus_weight", "distortion_weight", "few"])
@pytest.mark.parametrize("value", [-0.1, float("nan")])
def test_a_negative_parameter_is_named(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"{name} is {value}"):
        AdditiveDiscriminant(**{name: value}).fit([[0.0], [1.0]], [0, 1])


def test_one_class_is_not_enough() -> None:
    with pytest.raises(ValueError, match=r"one class.*calm.*at least two"):
        AdditiveDiscriminant().fit([[0.0], [1.0]], ["calm", "calm"])


def test_constant_features_are_refused() -> None:
    with pytest.raises(ValueError, match="no feature tells them apart"):
        AdditiveDiscriminant().fit(np.ones((6, 4)), [0, 1] * 3)


def test_augmented_copies_need_their_recordings() -> None:
    X, y = np.random.default_rng(0).normal(size=(6, 3)), np.array([0, 1] * 3)
    augmented = np.array([False] * 4 + [True] * 2)
    with pytest.raises(ValueError, match="recordings"):
        AdditiveDiscriminant().fit(X, y, augmented=augmented)
    with pytest.raises(ValueError, match="lack their original"):
        AdditiveDiscriminant().fit(X, y, augmented=augmented, recordings=[0, 1, 2, 3, 0, 9])
