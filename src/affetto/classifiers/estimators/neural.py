"""Networks over sequences as scikit-learn classifiers, trained by skorch, with checkpoints."""

from __future__ import annotations

import json
import logging
import time
from datetime import timedelta
from hashlib import blake2b
from math import cos, log, pi
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import torch
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted
from skorch import NeuralNet
from skorch.callbacks import Callback, GradientNormClipping, LRScheduler
from torch import Tensor, nn
from torch.nn import functional

from affetto import __version__
from affetto._cpus import usable_cpus
from affetto.classifiers.estimators.base import LogProbabilityClassifier
from affetto.classifiers.estimators.checkpoints import reading_checkpoint, save_checkpoint

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import ArrayLike, NDArray

    from affetto.classifiers.estimators.sequences import Sequences

logger = logging.getLogger(__name__)


class SequenceClassifier(LogProbabilityClassifier):
    """An average of networks, each trained from another seed.

    Training is deterministic, also if it is interrupted and resumes from a checkpoint. The loss of a clip ignores the
    emotions that its corpus does not have.

    Parameters
    ----------
    network : callable
        Makes a module from the width of a frame and the number of classes. The module maps frames, shape (n_clips,
        n_frames, width), and a mask, shape (n_clips, n_frames), to logits.
    parameters : mapping, optional
        Further parameters of the network.
    n_networks : int
        Number of networks in the average.
    epochs : int
        Passes over all clips; for several corpora see `fit`.
    learning_rate : float
        Its maximum, after a tenth of the training. From there it falls by a cosine.
    weight_decay : float
        Of AdamW, for matrices and filters.
    batch_size : int
        Clips in a step.
    least_steps : int
        Least steps in an epoch. Few clips are repeated to reach it: a network learns next to nothing in a few steps,
        and its batch normalization does not get to know the clips.
    label_smoothing : float
        Share of the target that is spread over all classes.
    random_state : int
        Seed of the first network; the others follow.
    checkpoints : path, optional
        Folder for the state of the training after each epoch. Training resumes from a state of the same data and
        parameters.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    networks_ : list of Module
        The trained networks, in evaluation mode.

    Examples
    --------
    >>> from affetto.classifiers.estimators.convolutional import ConvolutionalNetwork
    >>> clips = [np.full((20, 32), label, np.float32) for label in (0, 1, 0, 1)]
    >>> classifier = SequenceClassifier(ConvolutionalNetwork, epochs=2, batch_size=4).fit(clips, [0, 1, 0, 1])
    >>> classifier.predict_proba(clips).shape
    (4, 2)
    """

    def __init__(
        self,
        network: Callable[..., nn.Module],
        parameters: Mapping[str, Any] | None = None,
        *,
        n_networks: int = 1,
        epochs: int = 8,
        learning_rate: float = 2e-3,
        weight_decay: float = 0.05,
        batch_size: int = 32,
        least_steps: int = 1,
        label_smoothing: float = 0.05,
        random_state: int = 0,
        checkpoints: str | os.PathLike[str] | None = None,
    ) -> None:
        self.network = network
        self.parameters = parameters
        self.n_networks = n_networks
        self.epochs = epochs
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.batch_size = batch_size
        self.least_steps = least_steps
        self.label_smoothing = label_smoothing
        self.random_state = random_state
        self.checkpoints = checkpoints

    def fit(self, X: Sequences, y: ArrayLike, *, corpora: ArrayLike | None = None) -> Self:
        """Train the networks.

        Parameters
        ----------
        X : sequence of ndarray, shape (n_frames, n_features)
        y : array-like of shape (n_clips,)
        corpora : array-like of shape (n_clips,), optional
            The corpus of each clip; by default all are of one. An epoch has as many clips as all corpora together, and
            equally many of each: a sample of a large corpus, and repetitions of a small one.
        """
        for name, least in {"n_networks": 1, "epochs": 1, "batch_size": 2}.items():
            if getattr(self, name) < least:
                raise ValueError(f"{name} is {getattr(self, name)!r}; it must be at least {least}")
        labels = np.asarray(y)
        check_classification_targets(labels)
        self.classes_, encoded = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"all clips are of one class, {self.classes_[0]!r}; a classifier needs at least two")
        # torch counts all processors; a container may have a quota of them.
        torch.set_num_threads(min(torch.get_num_threads(), usable_cpus()))
        clips = _Clips(X, encoded, np.zeros(len(labels)) if corpora is None else np.asarray(corpora))
        self.networks_ = [self._trained(clips, number) for number in range(self.n_networks)]
        return self

    def predict_log_proba(self, X: Sequences) -> NDArray[np.float64]:
        """Return the logarithm of each class's mean probability over the networks, shape (n_clips, n_classes)."""
        check_is_fitted(self)
        logarithms = np.zeros((len(X), len(self.classes_)))
        # Clips of similar length form a batch, so that padding is short.
        order = np.argsort([len(sequence) for sequence in X], kind="stable")
        with torch.inference_mode():
            for start in range(0, len(order), 64):
                chosen = order[start : start + 64]
                frames, mask = _padded([X[index] for index in chosen])
                rows = torch.stack([network(frames, mask).double().log_softmax(1) for network in self.networks_])
                logarithms[chosen] = (rows.logsumexp(0) - log(len(self.networks_))).numpy()
        return logarithms

    def _trained(self, clips: _Clips, number: int) -> nn.Module:
        seed = self.random_state + number
        torch.manual_seed(seed)
        network = self.network(clips.sequences[0].shape[1], len(self.classes_), **(self.parameters or {}))
        # Weight decay would pull biases and norms towards 0 for no reason.
        decaying = [name for name, value in network.named_parameters() if value.ndim > 1]
        progress = _Progress(f"network {number + 1} of {self.n_networks}", seed, self._checkpoint_path(clips, seed))
        net = NeuralNet(
            network,
            criterion=_MaskedCrossEntropy,
            criterion__label_smoothing=self.label_smoothing,
            optimizer=torch.optim.AdamW,
            optimizer__param_groups=[(parameter, {"weight_decay": self.weight_decay}) for parameter in decaying],
            optimizer__weight_decay=0.0,
            lr=1.0,  # times the schedule below
            batch_size=self.batch_size,
            iterator_train=_Batches,
            iterator_train__least_steps=self.least_steps,
            train_split=None,
            max_epochs=self.epochs,
            callbacks=[("clip", GradientNormClipping(2.0)), ("progress", progress)],
            callbacks__print_log=None,
            callbacks__valid_acc=None,
            verbose=0,
        ).initialize()
        done = progress.restore(net)
        if done < self.epochs:
            n_steps = len(_Batches(clips, self.batch_size, self.least_steps))
            schedule = LRScheduler(
                torch.optim.lr_scheduler.LambdaLR,
                step_every="batch",
                lr_lambda=_WarmupCosine(self.learning_rate, self.epochs * n_steps),
                last_epoch=done * n_steps - 1,
            )
            net.callbacks_.append(("schedule", schedule.initialize()))
            net.set_params(max_epochs=self.epochs - done)
            # Unlike `partial_fit`, this lets a KeyboardInterrupt end the program.
            net.notify("on_train_begin", X=clips, y=None)
            net.fit_loop(clips, None)
        trained: nn.Module = net.module_
        return trained.eval()

    def _checkpoint_path(self, clips: _Clips, seed: int) -> Path | None:
        """Name a checkpoint by everything that the training depends on, so that no other training uses it."""
        if self.checkpoints is None:
            return None
        settings = {
            k: repr(v) for k, v in self.get_params(deep=False).items() if k not in ("checkpoints", "n_networks")
        }
        settings["network"] = f"{self.network.__module__}.{self.network.__qualname__}"
        digest = blake2b(json.dumps([settings, seed, torch.__version__, __version__]).encode(), digest_size=16)
        for sequence, label, corpus in zip(clips.sequences, clips.labels, clips.corpora, strict=True):
            digest.update(np.ascontiguousarray(sequence).tobytes())
            digest.update(f"{label} {corpus}".encode())
        return Path(self.checkpoints) / f"{digest.hexdigest()}.pt"


class _Clips(torch.utils.data.Dataset[Any]):
    """The training clips: frames, labels, and which classes the corpus of each has."""

    def __init__(self, sequences: Sequences, labels: NDArray[np.intp], corpora: NDArray[Any]) -> None:
        self.sequences = sequences
        self.labels = labels
        self.corpora = corpora
        names, corpus_of = np.unique(corpora, return_inverse=True)
        occurs = np.zeros((len(names), labels.max() + 1), dtype=bool)
        occurs[corpus_of, labels] = True
        self.allowed = torch.from_numpy(occurs[corpus_of])
        self.members = [torch.from_numpy(np.flatnonzero(corpus_of == index)) for index in range(len(names))]
        self.targets = functional.one_hot(torch.from_numpy(labels), labels.max() + 1).float()

    def __len__(self) -> int:
        return len(self.sequences)

    def batch(self, indices: NDArray[np.intp]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Return clips, padded to one length, and their targets."""
        frames, mask = _padded([self.sequences[index] for index in indices])
        rows = torch.from_numpy(indices)
        return {"frames": frames, "mask": mask}, {"target": self.targets[rows], "allowed": self.allowed[rows]}


class _Batches:
    """The clips of an epoch, in random batches of clips of similar length."""

    def __init__(self, dataset: _Clips, batch_size: int, least_steps: int) -> None:
        self.dataset = dataset
        n_corpora = len(dataset.members)
        share = max(1, len(dataset) // n_corpora)
        self.batch_size = min(batch_size, share * n_corpora)
        self.share = max(share, -(-least_steps * self.batch_size // n_corpora))
        self.lengths = np.array([len(sequence) for sequence in dataset.sequences])

    def __len__(self) -> int:
        return self.share * len(self.dataset.members) // self.batch_size

    def __iter__(self) -> Iterator[tuple[dict[str, Tensor], dict[str, Tensor]]]:
        drawn = torch.cat([self._drawn(members) for members in self.dataset.members])
        order = drawn[torch.randperm(len(drawn))].numpy()
        pool = 8 * self.batch_size
        sorted_pools = [order[i : i + pool] for i in range(0, len(order), pool)]
        order = np.concatenate([part[np.argsort(self.lengths[part], kind="stable")] for part in sorted_pools])
        for number in torch.randperm(len(self)).tolist():
            yield self.dataset.batch(order[number * self.batch_size : (number + 1) * self.batch_size])

    def _drawn(self, members: Tensor) -> Tensor:
        if self.share == len(members) == len(self.dataset):
            return members
        rounds = -(-self.share // len(members))
        return torch.cat([members[torch.randperm(len(members))] for _ in range(rounds)])[: self.share]


def _padded(sequences: list[NDArray[Any]]) -> tuple[Tensor, Tensor]:
    lengths = np.array([len(sequence) for sequence in sequences])
    frames = np.zeros((len(sequences), lengths.max(), sequences[0].shape[1]), dtype=np.float32)
    for row, sequence in zip(frames, sequences, strict=True):
        row[: len(sequence)] = sequence
    return torch.from_numpy(frames), torch.from_numpy(np.arange(lengths.max()) < lengths[:, None])


class _MaskedCrossEntropy(nn.Module):
    """Cross-entropy over the classes that the clip's corpus has."""

    def __init__(self, label_smoothing: float) -> None:
        super().__init__()
        self.label_smoothing = label_smoothing

    def forward(self, logits: Tensor, wanted: Mapping[str, Tensor]) -> Tensor:
        allowed = wanted["allowed"].to(logits.dtype)
        uniform = allowed / allowed.sum(1, keepdim=True)
        target = (1 - self.label_smoothing) * wanted["target"] + self.label_smoothing * uniform
        log_probabilities = logits.masked_fill(allowed == 0, -1e4).log_softmax(1)
        return -(target * log_probabilities).sum(1).mean()


class _WarmupCosine:
    """The learning rate at a step: linear over the first tenth of all steps, then a falling cosine."""

    def __init__(self, maximum: float, n_steps: int) -> None:
        self.maximum = maximum
        self.n_steps = n_steps

    def __call__(self, step: int) -> float:
        done = step / self.n_steps
        return self.maximum * min(1.0, 10 * (done + 1e-3)) * 0.5 * (1 + cos(pi * done))


class _Progress(Callback):
    """Seeds each epoch by its number, and saves and logs the state of the training after it."""

    def __init__(self, name: str, seed: int, path: Path | None) -> None:
        self.name = name
        self.seed = seed
        self.path = path

    def restore(self, net: NeuralNet) -> int:
        """Load the checkpoint, if there is one, into an initialized net. Return how many epochs are done."""
        if self.path is not None and self.path.is_file():
            with reading_checkpoint(self.path) as state:
                net.module_.load_state_dict(state["module"])
                net.optimizer_.load_state_dict(state["optimizer"])
                for _ in range(state["epochs"]):
                    net.history.new_epoch()
        return len(net.history)

    def on_train_begin(self, net: NeuralNet, **_: Any) -> None:
        self.begin_, self.first_ = time.monotonic(), len(net.history)

    def on_epoch_begin(self, net: NeuralNet, **_: Any) -> None:
        # After a checkpoint, training goes on with the same random numbers.
        torch.manual_seed(1_000 * (self.seed + 1) + len(net.history))

    def on_epoch_end(self, net: NeuralNet, **_: Any) -> None:
        done = len(net.history)
        if self.path is not None:
            module, optimizer = net.module_.state_dict(), net.optimizer_.state_dict()
            save_checkpoint(self.path, {"module": module, "optimizer": optimizer, "epochs": done})
        n_epochs = self.first_ + net.max_epochs
        left = timedelta(seconds=round((time.monotonic() - self.begin_) / (done - self.first_) * (n_epochs - done)))
        # The recall of this epoch would say little: it is measured on augmented clips.
        loss = net.history[-1, "train_loss"]
        logger.info("%s, epoch %d of %d: loss %.3f, %s left", self.name, done, n_epochs, loss, left)
