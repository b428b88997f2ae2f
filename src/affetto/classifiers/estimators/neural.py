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
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted
from skorch import NeuralNet
from skorch.callbacks import Callback, GradientNormClipping
from torch import Tensor, nn
from torch.nn import functional

from affetto import __version__
from affetto._cpus import usable_cpus
from affetto.classifiers.estimators.states import reading_state, save_state

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import ArrayLike, NDArray

    from affetto.classifiers.estimators.sequences import Sequences

logger = logging.getLogger(__name__)


class SequenceClassifier(ClassifierMixin, BaseEstimator):
    """An average of networks, each trained from another seed.

    Training is deterministic, also where it was interrupted and goes on from a checkpoint. The loss leaves out the
    emotions that the corpus of a clip does not have, and every corpus is heard as often.

    Parameters
    ----------
    network : callable
        Called with the width of a frame and the number of classes; makes a module that maps frames, shape (n_clips,
        n_frames, width), and a mask, shape (n_clips, n_frames), to logits. It may have a method `augmented`, which is
        called with a training batch's frames and mask and gives those to train on.
    parameters : mapping, optional
        Further parameters of the network.
    n_networks : int
        How many networks are averaged.
    epochs : int
        How often every clip is heard; with several corpora see `fit`.
    learning_rate : float
        At its highest, after a tenth of the training; it rises to that and falls by a cosine.
    weight_decay : float
        Of AdamW.
    batch_size : int
        Clips in a step.
    least_steps : int
        Steps in an epoch; of clips that are too few for that, each is heard several times. In a few steps a network
        learns next to nothing, and its batch normalization not what the clips are like.
    label_smoothing : float
        Share of the target that all classes get.
    random_state : int
        Seed of the first network; the others follow.
    checkpoints : path, optional
        A folder. After each epoch the state of the training is kept there, and training goes on from what is kept of
        the same data and parameters.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    networks_ : list of Module
        The trained networks, in evaluation mode.
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
            The corpus of each clip; by default all are of one. In an epoch each corpus gives as many clips, together as
            many as there are.
        """
        self._check_parameters()
        labels = np.asarray(y)
        check_classification_targets(labels)
        self.classes_, encoded = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"all clips are of one class, {self.classes_[0]!r}; a classifier needs at least two")
        # torch counts the processors that a process is pinned to, and not the quota of a container.
        torch.set_num_threads(min(torch.get_num_threads(), usable_cpus()))
        clips = _Clips(X, encoded, np.zeros(len(labels)) if corpora is None else np.asarray(corpora))
        self.networks_ = [self._trained(clips, number) for number in range(self.n_networks)]
        return self

    def predict_proba(self, X: Sequences) -> NDArray[np.float64]:
        """Return the probability of each class, averaged over the networks.

        Parameters
        ----------
        X : sequence of ndarray, shape (n_frames, n_features)

        Returns
        -------
        ndarray of shape (n_clips, n_classes)
        """
        return np.exp(self.predict_log_proba(X))

    def predict_log_proba(self, X: Sequences) -> NDArray[np.float64]:
        """Return the logarithm of `predict_proba`, also where that is too small for a number."""
        check_is_fitted(self)
        logarithms = np.zeros((len(X), len(self.classes_)))
        # Clips of about one length go together: little is padded.
        order = np.argsort([len(sequence) for sequence in X], kind="stable")
        with torch.inference_mode():
            for start in range(0, len(order), 64):
                chosen = order[start : start + 64]
                frames, mask = _padded([X[index] for index in chosen])
                rows = torch.stack([network(frames, mask).double().log_softmax(1) for network in self.networks_])
                logarithms[chosen] = (rows.logsumexp(0) - log(len(self.networks_))).numpy()
        return logarithms

    def predict(self, X: Sequences) -> NDArray[Any]:
        """Return the most probable class.

        Parameters
        ----------
        X : sequence of ndarray, shape (n_frames, n_features)

        Returns
        -------
        ndarray of shape (n_clips,)
        """
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])

    def _check_parameters(self) -> None:
        least = {"n_networks": 1, "epochs": 1, "batch_size": 2, "least_steps": 1, "weight_decay": 0}
        for name, lowest in least.items():
            if not getattr(self, name) >= lowest:
                raise ValueError(f"{name} is {getattr(self, name)!r}; it must be at least {lowest}")
        if not self.learning_rate > 0:
            raise ValueError(f"learning_rate is {self.learning_rate!r}; it must be above 0")
        if not 0 <= self.label_smoothing < 1:
            raise ValueError(f"label_smoothing is {self.label_smoothing!r}; it must be at least 0 and below 1")

    def _trained(self, clips: _Clips, number: int) -> nn.Module:
        seed = self.random_state + number
        torch.manual_seed(seed)
        network = self.network(clips.sequences[0].shape[1], len(self.classes_), **(self.parameters or {}))
        # Biases and norms are not to be small, so they do not decay.
        decaying = [name for name, value in network.named_parameters() if value.ndim > 1]
        kept = _Checkpoint(self._checkpoint_path(clips, seed))
        name = f"network {number + 1} of {self.n_networks}"
        net = _AugmentingNet(
            network,
            criterion=_MaskedCrossEntropy,
            criterion__label_smoothing=self.label_smoothing,
            optimizer=torch.optim.AdamW,
            optimizer__param_groups=[(parameter, {"weight_decay": self.weight_decay}) for parameter in decaying],
            optimizer__weight_decay=0.0,
            batch_size=self.batch_size,
            iterator_train=_Batches,
            iterator_train__least_steps=self.least_steps,
            train_split=None,
            max_epochs=self.epochs,
            callbacks=[
                ("seed", _Seed(seed)),
                ("rate", _WarmupCosine(self.learning_rate, self.epochs, self.least_steps)),
                ("clip", GradientNormClipping(2.0)),
                ("kept", kept),
                ("report", _Report(name, self.epochs)),
            ],
            callbacks__print_log=None,
            callbacks__valid_acc=None,
            verbose=0,
        ).initialize()
        done = kept.restore(net)
        if done < self.epochs:
            net.set_params(max_epochs=self.epochs - done)
            # Not `partial_fit`: it takes an interrupt by the user for the end of the training.
            net.notify("on_train_begin", X=clips, y=None)
            net.fit_loop(clips, None)
        trained: nn.Module = net.module_
        return trained.eval()

    def _checkpoint_path(self, clips: _Clips, seed: int) -> Path | None:
        """Name a checkpoint by all that the training depends on, so that no other training goes on from it."""
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
    """The training clips: frames, label, and which classes their corpus has."""

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

    def __getitem__(self, index: int) -> Any:
        raise TypeError("clips are read by batch")

    def batch(self, indices: NDArray[np.intp]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Return some clips, padded to one length, and what their network should answer."""
        frames, mask = _padded([self.sequences[index] for index in indices])
        rows = torch.from_numpy(indices)
        return {"frames": frames, "mask": mask}, {"target": self.targets[rows], "allowed": self.allowed[rows]}


class _Batches:
    """The clips of an epoch, in random batches of about one length; the randomness is torch's.

    Of one corpus these are all clips. Of several each gives as many: large ones are sampled, small ones repeated. Where
    all are too few for so many steps, all are repeated.
    """

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


class _AugmentingNet(NeuralNet):
    """Trains on what the network itself makes of the clips, where it has a method for that."""

    def train_step_single(self, batch: Any, **fit_params: Any) -> dict[str, Any]:
        inputs, wanted = batch
        frames, mask = inputs["frames"], inputs["mask"]
        self._set_training(True)
        if hasattr(self.module_, "augmented"):
            frames, mask = self.module_.augmented(frames, mask)
        logits = self.infer({"frames": frames, "mask": mask}, **fit_params)
        loss = self.get_loss(logits, wanted, training=True)
        loss.backward()
        return {"loss": loss, "y_pred": logits}


class _Seed(Callback):
    """Seeds every epoch by its number, so that training goes on after a checkpoint as if it had never stopped."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def on_epoch_begin(self, net: Any, **_: Any) -> None:
        torch.manual_seed(1_000 * (self.seed + 1) + len(net.history))


class _WarmupCosine(Callback):
    """The learning rate by the number of the step alone: up over the first tenth, then down by a cosine."""

    def __init__(self, highest: float, epochs: int, least_steps: int) -> None:
        self.highest = highest
        self.epochs = epochs
        self.least_steps = least_steps

    def on_train_begin(self, net: Any, X: Any = None, **_: Any) -> None:
        self.steps_of_epoch_ = len(_Batches(X, net.batch_size, self.least_steps))

    def on_epoch_begin(self, net: Any, **_: Any) -> None:
        self.step_ = (len(net.history) - 1) * self.steps_of_epoch_

    def on_batch_begin(self, net: Any, **_: Any) -> None:
        done = self.step_ / (self.epochs * self.steps_of_epoch_)
        self.step_ += 1
        for group in net.optimizer_.param_groups:
            group["lr"] = self.highest * min(1.0, 10 * (done + 1e-3)) * 0.5 * (1 + cos(pi * done))


class _Checkpoint(Callback):
    """Keeps the state of the training after each epoch; a file appears whole or not at all."""

    def __init__(self, path: Path | None) -> None:
        self.path = path

    def on_epoch_end(self, net: Any, **_: Any) -> None:
        if self.path is None:
            return
        state = {
            "module": net.module_.state_dict(),
            "optimizer": net.optimizer_.state_dict(),
            "epochs": len(net.history),
        }
        save_state(self.path, state)

    def restore(self, net: Any) -> int:
        """Load what is kept into an initialized net and return how many epochs are done."""
        if self.path is None or not self.path.is_file():
            return 0
        with reading_state(self.path) as state:
            net.module_.load_state_dict(state["module"])
            net.optimizer_.load_state_dict(state["optimizer"])
            for _ in range(state["epochs"]):
                net.history.new_epoch()
        return len(net.history)


class _Report(Callback):
    """Logs each epoch with the time that is left.

    No recall: what a network answers while it is trained, of altered clips and by the statistics of a batch, is not
    what it answers afterwards.
    """

    def __init__(self, name: str, epochs: int) -> None:
        self.name = name
        self.epochs = epochs

    def on_train_begin(self, net: Any, **_: Any) -> None:
        self.begin_, self.first_ = time.monotonic(), len(net.history)

    def on_epoch_end(self, net: Any, **_: Any) -> None:
        done = len(net.history)
        left = (time.monotonic() - self.begin_) / (done - self.first_) * (self.epochs - done)
        logger.info(
            "%s, epoch %d of %d: loss %.3f, %s left",
            self.name,
            done,
            self.epochs,
            net.history[-1, "train_loss"],
            timedelta(seconds=round(left)),
        )
