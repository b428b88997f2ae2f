from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from sklearn.base import clone
from torch import Tensor, nn

from affetto.classifiers.estimators.convolutional import ConvolutionalNetwork
from affetto.classifiers.estimators.neural import SequenceClassifier
from affetto.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EMOTIONS = np.array(["angry", "calm", "sad"])


def task(n: int = 120, seed: int = 0, width: int = 8) -> tuple[list[np.ndarray], np.ndarray]:
    """Return clips of different lengths. The features that are loud at one moment determine the class."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 3, n)
    X = []
    for label in labels:
        clip = random.normal(0, 1, (random.integers(12, 50), width))
        begin = random.integers(0, len(clip) - 8)
        loud = slice(label * width // 4, (label + 1) * width // 4)
        clip[begin : begin + 8, loud] += 4
        X.append(clip.astype(np.float16))
    return X, EMOTIONS[labels]


def convolutional(**parameters: Any) -> SequenceClassifier:
    settings: dict[str, Any] = {"epochs": 4, "learning_rate": 3e-3, "batch_size": 16, **parameters}
    return SequenceClassifier(ConvolutionalNetwork, {"widths": (4, 4, 8, 8), "embedding": 8}, **settings)


class Interrupting(logging.Handler):
    """Raises an error at a log message, like Ctrl-C or a power cut."""

    def __init__(self, pattern: str, error: type[BaseException]) -> None:
        super().__init__()
        self.pattern = pattern
        self.error = error

    def emit(self, record: logging.LogRecord) -> None:
        if re.search(self.pattern, record.getMessage()):
            raise self.error


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    logger = logging.getLogger("affetto")
    level, handlers = logger.level, list(logger.handlers)
    logger.setLevel(logging.INFO)
    yield logger
    logger.setLevel(level)
    logger.handlers[:] = handlers


class PowerCutError(Exception):
    """An end of the process during training."""


def interrupt(logger: logging.Logger, classifier: SequenceClassifier, X: Any, y: Any, pattern: str) -> None:
    handler = Interrupting(pattern, PowerCutError)
    logger.addHandler(handler)
    with pytest.raises(PowerCutError):
        classifier.fit(X, y)
    logger.removeHandler(handler)


def epochs(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [match[0] for message in caplog.messages if (match := re.search(r"network \d of \d, epoch \d", message))]


@pytest.mark.parametrize("classifier", [convolutional(epochs=12), convolutional(epochs=8, n_networks=2)])
def test_well_separated_classes_are_learned(classifier: SequenceClassifier) -> None:
    X, y = task(240, width=32)
    fitted = clone(classifier).fit(X[:180], y[:180])
    probabilities = fitted.predict_proba(X[180:])
    assert fitted.classes_.tolist() == EMOTIONS.tolist()
    assert np.allclose(probabilities.sum(1), 1)
    assert (fitted.predict(X[180:]) == y[180:]).mean() > 0.8
    assert np.array_equal(fitted.predict(X[180:]), fitted.classes_[probabilities.argmax(1)])


def test_one_seed_gives_one_model_to_the_bit() -> None:
    X, y = task(60)
    first = convolutional().fit(X, y).predict_proba(X)
    torch.manual_seed(123)
    torch.rand(7)  # earlier random numbers must not matter
    assert np.array_equal(convolutional().fit(X, y).predict_proba(X), first)
    assert not np.array_equal(convolutional(random_state=5).fit(X, y).predict_proba(X), first)


def test_networks_are_averaged_and_each_is_trained_from_its_own_seed() -> None:
    X, y = task(60)
    both = convolutional(n_networks=2).fit(X, y).predict_proba(X)
    alone = [convolutional(random_state=seed).fit(X, y).predict_proba(X) for seed in (0, 1)]
    assert not np.allclose(alone[0], alone[1])
    assert np.allclose(both, np.mean(alone, axis=0), atol=1e-6)


def test_the_order_of_the_clips_does_not_change_the_probabilities() -> None:
    X, y = task(100)
    fitted = convolutional().fit(X, y)
    together = fitted.predict_proba(X)
    assert np.allclose(fitted.predict_proba(X[::-1]), together[::-1], atol=1e-4)
    assert np.allclose(np.concatenate([fitted.predict_proba([x]) for x in X]), together, atol=1e-4)


@pytest.mark.parametrize(
    ("classifier", "pattern"),
    [
        (convolutional(), "epoch 1 of"),
        (convolutional(), "epoch 3 of"),
        (convolutional(n_networks=2), "network 2 of 2, epoch 2 of"),
    ],
    ids=["first epoch", "later epoch", "second network"],
)
def test_interrupted_training_resumes_to_the_same_bits(
    classifier: SequenceClassifier,
    pattern: str,
    tmp_path: Path,
    logger: logging.Logger,
    caplog: pytest.LogCaptureFixture,
) -> None:
    X, y = task(60)
    with caplog.at_level("INFO", logger="affetto"):
        whole = clone(classifier).fit(X, y).predict_proba(X)
        every = epochs(caplog)
        caplog.clear()
        resumable = clone(classifier).set_params(checkpoints=tmp_path / "kept")
        interrupt(logger, resumable, X, y, pattern)
        before = epochs(caplog)
        caplog.clear()
        resumed = clone(resumable).fit(X, y).predict_proba(X)
        after = epochs(caplog)
    assert np.array_equal(resumed, whole)
    # No finished epoch is repeated.
    assert len(before) + 1 + len(after) == len(every)
    assert every[: len(before)] == before
    assert every[len(every) - len(after) :] == after
    assert not list((tmp_path / "kept").glob("*.part"))


def test_ctrl_c_ends_the_training(tmp_path: Path, logger: logging.Logger) -> None:
    X, y = task(60)
    logger.addHandler(Interrupting("epoch 2 of", KeyboardInterrupt))
    classifier = convolutional(n_networks=2, checkpoints=tmp_path)
    with pytest.raises(KeyboardInterrupt):
        classifier.fit(X, y)
    assert not hasattr(classifier, "networks_")


@pytest.mark.parametrize(
    "change",
    [
        "label",
        "clip",
        "corpora",
        {"learning_rate": 5e-3},
        {"epochs": 5},
        {"parameters": {"embedding": 8}},
        {"label_smoothing": 0.1},
    ],
    ids=str,
)
def test_a_checkpoint_of_another_training_is_not_used(
    change: str | dict[str, Any], tmp_path: Path, logger: logging.Logger
) -> None:
    X, y = task(60)
    interrupt(logger, convolutional(checkpoints=tmp_path), X, y, "epoch 2 of")
    other, corpora = convolutional(), None
    if change == "label":
        y = y.copy()
        y[:2] = y[:2][::-1] if y[0] != y[1] else EMOTIONS[(np.searchsorted(EMOTIONS, y[:2]) + 1) % 3]
    elif change == "clip":
        X = [X[0] + np.float16(0.1), *X[1:]]
    elif change == "corpora":
        corpora = np.arange(len(X)) % 2
    else:
        assert isinstance(change, dict)
        other.set_params(**change)
    expected = clone(other).fit(X, y, corpora=corpora).predict_proba(X)
    output = other.set_params(checkpoints=tmp_path).fit(X, y, corpora=corpora).predict_proba(X)
    assert np.array_equal(output, expected)


def test_a_finished_network_is_not_trained_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    X, y = task(60)
    first = convolutional(checkpoints=tmp_path).fit(X, y).predict_proba(X)
    with caplog.at_level("INFO", logger="affetto"):
        again = convolutional(checkpoints=tmp_path).fit(X, y).predict_proba(X)
    assert epochs(caplog) == []
    assert np.array_equal(again, first)


@pytest.mark.parametrize("content", [b"", b"no checkpoint", None])
def test_a_damaged_checkpoint_is_named(content: bytes | None, tmp_path: Path) -> None:
    X, y = task(60)
    convolutional(checkpoints=tmp_path).fit(X, y)
    (kept,) = tmp_path.glob("*.pt")
    kept.write_bytes(kept.read_bytes()[:1000] if content is None else content)
    with pytest.raises(ParameterError, match=kept.name):
        convolutional(checkpoints=tmp_path).fit(X, y)


class Watched(nn.Module):
    """Logits of a clip's mean, which records their gradients."""

    seen: list[tuple[Tensor, Tensor]]

    def __init__(self, n_inputs: int, n_outputs: int) -> None:
        super().__init__()
        self.last = nn.Linear(n_inputs, n_outputs)

    def forward(self, frames: Tensor, mask: Tensor | None = None) -> Tensor:  # noqa: ARG002 (a network's signature)
        corpus = frames[:, 0, 0].clone()
        logits: Tensor = self.last(frames.mean(1))
        if logits.requires_grad:
            logits.register_hook(  # type: ignore[no-untyped-call] # torch's
                lambda gradient: Watched.seen.append((corpus, gradient.clone()))
            )
        return logits


def two_corpora() -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """The first feature is the corpus. The first corpus has all three emotions; the other lacks the last."""
    X, y = task(120)
    corpora = np.where(np.arange(120) % 3, 1, 0)
    kept = ~((corpora == 1) & (y == EMOTIONS[2]))
    for clip, corpus in zip(X, corpora, strict=True):
        clip[:, 0] = corpus
    return [clip for clip, keep in zip(X, kept, strict=True) if keep], y[kept], corpora[kept]


@pytest.mark.parametrize("label_smoothing", [0.0, 0.1])
def test_a_corpus_teaches_nothing_about_emotions_that_it_lacks(label_smoothing: float) -> None:
    X, y, corpora = two_corpora()
    Watched.seen = []
    SequenceClassifier(Watched, epochs=2, label_smoothing=label_smoothing).fit(X, y, corpora=corpora)
    corpus_of = torch.cat([corpus for corpus, _ in Watched.seen])
    gradient = torch.cat([gradient for _, gradient in Watched.seen])
    assert len(corpus_of) > 60
    assert (gradient[corpus_of == 1, 2] == 0).all()
    assert (gradient[corpus_of == 1, :2] != 0).all()
    assert (gradient[corpus_of == 0] != 0).all()


def test_every_corpus_has_as_many_clips_in_an_epoch() -> None:
    X, y = task(130)
    corpora = np.repeat([0, 1], [100, 30])
    for number, (clip, corpus) in enumerate(zip(X, corpora, strict=True)):
        clip[0, 0] = number + 1_000 * corpus
    Watched.seen = []
    SequenceClassifier(Watched, epochs=12, batch_size=8).fit(X, y, corpora=corpora)
    drawn = torch.cat([numbers for numbers, _ in Watched.seen]).numpy().astype(int)
    small, large = drawn[drawn >= 1_000], drawn[drawn < 1_000]
    assert len(small) / len(large) == pytest.approx(1, abs=0.05)
    # An epoch is as long as all corpora together, but for a last batch that is not full.
    assert len(drawn) > 12 * (65 - 8)
    # All clips of each are drawn.
    assert len(set(small.tolist())) == 30
    assert len(set(large.tolist())) > 95


def test_every_clip_of_one_corpus_is_drawn_once_in_an_epoch() -> None:
    X, y = task(64)
    for number, clip in enumerate(X):
        clip[0, 0] = number
    Watched.seen = []
    SequenceClassifier(Watched, epochs=3, batch_size=16).fit(X, y)
    drawn = torch.cat([numbers for numbers, _ in Watched.seen]).numpy().astype(int)
    assert [sorted(drawn[start : start + 64]) for start in (0, 64, 128)] == [list(range(64))] * 3
    assert not np.array_equal(drawn[:64], drawn[64:128])


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_networks": 0}, "n_networks is 0"),
        ({"epochs": 0}, "epochs is 0"),
        ({"batch_size": -1}, "batch_size is -1"),
    ],
)
def test_a_parameter_out_of_its_range_is_named(parameters: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        convolutional(**parameters).fit(*task(10))


def test_one_class_is_not_enough() -> None:
    X, _ = task(10)
    with pytest.raises(ValueError, match=r"one class.*calm.*at least two"):
        convolutional().fit(X, ["calm"] * 10)


def test_every_epoch_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    X, y = task(60)
    with caplog.at_level("INFO", logger="affetto"):
        convolutional(n_networks=2, epochs=3).fit(X, y)
    assert epochs(caplog) == [f"network {n} of 2, epoch {e}" for n in (1, 2) for e in (1, 2, 3)]
    line = re.compile(r"network \d of 2, epoch \d of 3: loss \d+\.\d{3}, \d+:\d\d:\d\d left")
    assert all(line.fullmatch(message) for message in caplog.messages)
    assert caplog.messages[-1].endswith("0:00:00 left")
