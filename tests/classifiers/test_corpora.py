from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from affetto.classifiers.corpora import CorpusMarginalClassifier
from affetto.training.fitting import fit_chain

PLAIN = LogisticRegression(max_iter=50, tol=1e-2)


def digits() -> tuple[Any, np.ndarray]:
    X, y = load_digits(return_X_y=True)
    kept = y < 5
    return X[kept] / 16, np.array(["nil", "one", "two", "three", "four"])[y[kept]]


def two_corpora() -> tuple[Any, np.ndarray, np.ndarray]:
    """A second corpus with an offset and other classes: it lacks one, and has one of its own."""
    X, y = digits()
    corpora = np.where(np.arange(len(X)) % 2, "second", "first")
    kept = ~((corpora == "second") & (y == "nil")) & ~((corpora == "first") & (y == "four"))
    return (X + (corpora == "second")[:, None] * 0.3)[kept], y[kept], corpora[kept]


def test_one_corpus_is_the_plain_classifier() -> None:
    X, y = digits()
    plain = clone(PLAIN).fit(X, y)
    for corpora in (None, ["only"] * len(X)):
        ours = CorpusMarginalClassifier(PLAIN).fit(X, y, corpora=corpora)
        assert ours.classes_.tolist() == plain.classes_.tolist()
        assert np.allclose(ours.predict_proba(X), plain.predict_proba(X), atol=1e-6)
        assert np.array_equal(ours.predict(X), plain.predict(X))


def test_columns_are_the_classes_of_all_corpora() -> None:
    X, y, corpora = two_corpora()
    ours = CorpusMarginalClassifier(PLAIN).fit(X[::2], y[::2], corpora=corpora[::2])
    assert ours.classes_.tolist() == ["four", "nil", "one", "three", "two"]
    probabilities = ours.predict_proba(X[1::2])
    assert probabilities.shape == (len(X[1::2]), 5)
    assert np.allclose(probabilities.sum(1), 1)
    assert (ours.predict(X[1::2]) == y[1::2]).mean() > 0.9
    assert np.array_equal(ours.predict(X), ours.classes_[ours.predict_proba(X).argmax(1)])


def test_a_class_gets_the_sum_over_its_corpora() -> None:
    X, y, corpora = two_corpora()
    ours = CorpusMarginalClassifier(PLAIN).fit(X, y, corpora=corpora)
    pairs = np.char.add(np.char.add(corpora, "/"), y)
    plain = clone(PLAIN).fit(X, pairs)
    wanted = np.stack(
        [
            plain.predict_proba(X)[:, [pair.endswith(f"/{name}") for pair in plain.classes_]].sum(1)
            for name in ours.classes_
        ],
        axis=1,
    )
    assert len(plain.classes_) == 8
    # The solver stops a little earlier or later in another order of the classes.
    assert np.abs(ours.predict_proba(X) - wanted).max() < 0.05


def test_corpora_arrive_through_a_chain() -> None:
    X, y, corpora = two_corpora()
    direct = CorpusMarginalClassifier(PLAIN).fit(X, y, corpora=corpora)
    routed = fit_chain(CorpusMarginalClassifier(PLAIN), X, y, corpora=corpora, speakers=corpora)
    assert len(routed.classifier_.classes_) == 8
    assert np.array_equal(routed.predict_proba(X), direct.predict_proba(X))
