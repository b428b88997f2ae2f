"""A steadier encoder: in noise, in rooms and on the telephone it is to hear what the original hears of clean speech.

The original encoder is the teacher; a copy of it, the student, hears the same speech degraded and learns to give the
same frames. No emotion is named to it, so it cannot learn by heart how the speakers of a small corpus express theirs.

References
----------
J. Li, R. Zhao, J.-T. Huang, Y. Gong: Learning small-size DNN with output-distribution-based criteria. Interspeech, 2014
(a network taught by another's outputs, for which no labels are needed).
M. Wortsman et al.: Robust fine-tuning of zero-shot models. CVPR, 2022 (halfway between old and new weights).
H. Guimarães, A. Pimentel, A. Avila, M. Rezagholizadeh, B. Chen, T. Falk: RobustDistiller: compressing universal speech
representations for enhanced environment robustness. ICASSP, 2023.
"""

from __future__ import annotations

import dataclasses
import logging
import time
from dataclasses import dataclass
from datetime import timedelta
from math import cos, pi
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

from affetto import __version__
from affetto.classifiers.states import reading_state, save_state
from affetto.cpus import usable_cpus
from affetto.degradation.chance import degrade
from affetto.errors import AffettoError, CorpusError, ParameterError
from affetto.features.frames import MIN_SAMPLES
from affetto.features.log_mel import SAMPLE_RATE_HZ, LogMel
from affetto.features.whisper import (
    CONFIG_FILE,
    RECORD,
    WEIGHTS_FILE,
    checkpoint_name,
    distilled_on,
    find_checkpoint,
    load_encoder,
    read_config,
    save_encoder,
)
from affetto.preprocessing.steps import change_speed, normalize_level, remove_dc, trim_silence
from affetto.recognition.encoders import has_heard
from affetto.speech import read
from affetto.training.checkpoints import CHECKPOINTS, remove_checkpoints
from affetto.training.pooling import require_different
from affetto.training.train import described_corpus

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from affetto.corpora.base import Corpus
    from affetto.features.whisper import WhisperEncoder

    Pair = tuple[NDArray[np.float32], NDArray[np.float32]]

_CHECKPOINT_FILE = "distillation.pt"
_LEAST_S, _MOST_S = 0.5, 4.0
_HELD_OUT = 40  # one in so many recordings only measures
_SPEED, _SPEED_SHARE = (0.85, 1.18), 0.5
_MARGIN_S = 0.1
_POOL = 512  # so many pairs are sorted by length, so that little is cut off within a batch
_STATISTICS_WEIGHT = 2.0

_POOLING = 4  # frames of 20 ms are compared by their averages

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Distillation:
    """How an encoder is distilled.

    Attributes
    ----------
    epochs : int
    learning_rate : float
        The highest: it rises during the first tenth, a hundred steps at the most, and falls as a cosine.
    batch_size : int
    clean : float
        Which share of the recordings the student hears as they are, so that it stays what it was for clean speech.
    way : float
        How far the saved weights are on the way from the teacher's to the student's. Halfway most of what was
        learned is there, and a third of what clean speech lost.
    seed : int
    """

    epochs: int = 4
    learning_rate: float = 2e-4
    batch_size: int = 16
    clean: float = 0.3
    way: float = 0.5
    seed: int = 0

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.batch_size < 1:
            raise ParameterError(f"epochs is {self.epochs}, batch_size {self.batch_size}; both must be at least 1")
        if not self.learning_rate > 0:
            raise ParameterError(f"learning_rate is {self.learning_rate}; it must be above 0")
        if not 0 <= self.clean < 1:
            raise ParameterError(f"clean is {self.clean}; it must be at least 0 and below 1")
        if not 0 <= self.seed < 2**63:
            raise ParameterError(f"seed is {self.seed}; it must be at least 0, and below 2 to the power of 63")
        if not 0 < self.way <= 1:
            raise ParameterError(f"way is {self.way}; it must be above 0, and at most 1")


def distil(
    encoder: str | os.PathLike[str],
    corpora: Sequence[Corpus],
    folder: Path,
    *,
    begin: str | os.PathLike[str] | None = None,
    n_layers: int = 3,
    recipe: Distillation | None = None,
    resume: bool = False,
) -> dict[str, float]:
    """Teach a copy of an encoder to hear degraded speech as the encoder hears clean speech, and save it.

    Parameters
    ----------
    encoder : str or path
        A Whisper checkpoint, as in `load_encoder`: the teacher.
    corpora : sequence of Corpus
        Speech; its labels play no part. Nobody in it may be among the speakers that a classifier on top is tested on.
    folder : Path
        Where the new checkpoint goes; made if it is missing.
    begin : str or path, optional
        Where the student begins: a checkpoint that was distilled from this teacher before; by default as the teacher.
    n_layers : int
        How many layers are kept, and learn.
    recipe : Distillation, optional
    resume : bool
        Whether to go on from the state that an interrupted run left in the folder.

    Returns
    -------
    dict
        "before" and "after": how far, on recordings that only measure, what is heard of degraded speech lies from what
        the teacher hears of it clean, as the mean squared distance of frames in units of their variance; "clean": how
        far the new encoder has moved from the teacher on clean speech.

    Raises
    ------
    ParameterError
        If there is no such checkpoint, it was itself distilled, the folder cannot be made or holds something else, the
        state in it is damaged or of another run, or where to begin was not distilled from this teacher.
    CorpusError
        If there are fewer recordings than a batch and one to measure, or a corpus is given twice.
    AudioError
        If a recording cannot be read.
    """
    recipe = recipe or Distillation()
    require_different(corpora)
    # Of each corpus the same ones, whatever others are there: a later round learns on none that an earlier measured.
    places = [(place, utterance.path) for corpus in corpora for place, utterance in enumerate(corpus.utterances)]
    held_out, learned = ([path for place, path in places if (place % _HELD_OUT > 0) is kept] for kept in (False, True))
    if len(learned) < recipe.batch_size:
        raise CorpusError(f"there are {len(places)} recordings to distil on; take {2 * recipe.batch_size} or more")
    described = _described(encoder, begin, corpora, recipe)
    config = read_config(find_checkpoint(encoder))
    require_encoder_folder(folder)
    teacher = load_encoder(encoder, n_layers=n_layers).requires_grad_(False)
    student = load_encoder(begin or encoder, n_layers=n_layers)
    training = _Training(teacher, student, recipe, steps=recipe.epochs * (len(learned) // recipe.batch_size))
    kept = folder / CHECKPOINTS
    checkpoint = _Checkpoint(kept / _CHECKPOINT_FILE, described)
    measured = list(_pairs(held_out, recipe, epoch=-1, shuffled=False))
    training.scale([clean for clean, _ in measured])
    before = training.distance(teacher, measured)
    if not resume:
        remove_checkpoints(folder)
    started, first = time.monotonic(), checkpoint.restore(training)
    for epoch in range(first, recipe.epochs):
        torch.manual_seed(recipe.seed + epoch)
        before_epoch = training.step
        loss = training.epoch(_pairs(learned, recipe, epoch=epoch, shuffled=True))
        if training.step == before_epoch:
            raise CorpusError(
                f"none of the {len(learned)} recordings has {_LEAST_S:g} s of speech or more; give longer ones"
            )
        checkpoint.keep(training, epoch + 1)
        left = (time.monotonic() - started) / (epoch + 1 - first) * (recipe.epochs - epoch - 1)
        distance = training.distance(student, measured)
        logger.info(
            "epoch %d of %d: loss %.3f, distance %.3f (%.3f before), %s left",
            *(epoch + 1, recipe.epochs, loss, distance, before, timedelta(seconds=round(left))),
        )
    saved = load_encoder(encoder, n_layers=n_layers)
    learned_weights = student.state_dict()
    saved.load_state_dict({k: w.lerp(learned_weights[k], recipe.way) for k, w in saved.state_dict().items()})
    figures = {
        "before": round(before, 4),
        "after": round(training.distance(saved, measured), 4),
        "clean": round(training.distance(saved, [(clean, clean) for clean, _ in measured]), 4),
    }
    save_encoder(saved, {**config, RECORD: {**described, "distance": figures}}, folder)
    remove_checkpoints(folder)
    return figures


def require_encoder_folder(folder: Path) -> None:
    """Make the folder of a distilled encoder, and refuse one that holds something else, before hours of training.

    Raises
    ------
    ParameterError
        If it does.
    """
    if folder.exists() and not folder.is_dir():
        raise ParameterError(f"{folder} is a file; name a new folder for the encoder")
    known = {folder / name for name in (CONFIG_FILE, WEIGHTS_FILE, CHECKPOINTS)}
    # A checkpoint of somebody else's has the same names, and must not be overwritten.
    config, weights = folder / CONFIG_FILE, folder / WEIGHTS_FILE
    foreign = (weights.exists() or config.exists()) and not (config.is_file() and distilled_on(folder))
    if folder.is_dir() and (foreign or set(folder.iterdir()) - known):
        raise ParameterError(f"{folder} is a folder with other things in it; name a new one for the encoder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ParameterError(f"{folder} cannot be made: {error.strerror}; name another folder") from None


def require_unheard(encoders: Iterable[str | os.PathLike[str]], corpus: Corpus) -> None:
    """Refuse encoders that were distilled on speakers whom a model on top of them is to be tested on.

    Parameters
    ----------
    encoders : iterable of str or path
        Checkpoints.
    corpus : Corpus
        What is split into training and test speakers.

    Raises
    ------
    ParameterError
        If one was.
    """
    for encoder in encoders:
        record = distilled_on(encoder)
        if record and has_heard([record], corpus=corpus.name, clips_sha256=corpus.clips_sha256):
            raise ParameterError(
                f"the encoder {encoder} was distilled on {corpus.name}, so it has heard the speakers that are tested; "
                "take one that was distilled on other corpora"
            )


def _described(
    encoder: str | os.PathLike[str],
    begin: str | os.PathLike[str] | None,
    corpora: Sequence[Corpus],
    recipe: Distillation,
) -> dict[str, Any]:
    """Return what the new checkpoint will say of how it came to be."""
    if distilled_on(encoder) is not None:
        raise ParameterError(
            f"{encoder} was itself distilled; name the encoder that it was distilled from, and go on with --begin"
        )
    described: dict[str, Any] = {
        "distilled_from": checkpoint_name(encoder),
        "corpora": [described_corpus(corpus) for corpus in corpora],
        "recipe": dataclasses.asdict(recipe),
        "affetto": __version__,
    }
    if begin is None:
        return described
    before = distilled_on(begin) or {}
    if before.get("distilled_from") != described["distilled_from"]:
        raise ParameterError(
            f"{begin} was not distilled from {described['distilled_from']}; name an encoder that was, or begin anew"
        )
    return described | {"begun_at": before}


class _Training:
    """Teacher, student, and how the one learns from the other."""

    def __init__(self, teacher: WhisperEncoder, student: WhisperEncoder, recipe: Distillation, *, steps: int) -> None:
        self.teacher, self.student, self.recipe, self.steps = teacher, student, recipe, steps
        self.log_mel = LogMel(teacher.n_mels)
        self.optimizer = torch.optim.AdamW(
            student.parameters(), lr=recipe.learning_rate, betas=(0.9, 0.98), weight_decay=0.0
        )
        self.warmup = max(1, min(100, steps // 10))
        self.step = 0
        self.mean, self.deviation = torch.zeros(1), torch.ones(1)

    def scale(self, recordings: Iterable[NDArray[np.float32]]) -> None:
        """Measure how frames of clean speech are spread: classifiers see them standardized."""
        with torch.inference_mode():
            frames = torch.cat([self._frames(self.teacher, _batch_of_one(samples))[0] for samples in recordings])
        self.mean, self.deviation = frames.mean(0).clone(), frames.std(0).clone()

    def epoch(self, pairs: Iterable[Pair]) -> float:
        """Learn from all pairs once, and return the mean loss."""
        losses = []
        self.student.train()
        for clean, degraded in _batches(pairs, self.recipe.batch_size):
            if self.step >= self.steps:  # pools that are not full may make a batch more
                break
            done = self.step / self.steps
            rate = self.recipe.learning_rate * min(1.0, (self.step + 1) / self.warmup) * 0.5 * (1 + cos(pi * done))
            for group in self.optimizer.param_groups:
                group["lr"] = rate
            with torch.no_grad():
                wanted = self._frames(self.teacher, clean)
            loss = _distance(self._frames(self.student, degraded), wanted)
            self.optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call] # torch types it not
            torch.nn.utils.clip_grad_norm_(self.student.parameters(), 1.0)
            self.optimizer.step()
            self.step += 1
            losses.append(loss.item())
        self.student.eval()
        return float(np.mean(losses)) if losses else 0.0

    def distance(self, encoder: WhisperEncoder, pairs: Iterable[Pair]) -> float:
        """Return the mean squared distance of frames."""
        with torch.inference_mode():
            return float(
                np.mean(
                    [
                        functional.mse_loss(
                            self._frames(encoder, _batch_of_one(degraded)),
                            self._frames(self.teacher, _batch_of_one(clean)),
                        ).item()
                        for clean, degraded in pairs
                    ]
                )
            )

    def _frames(self, encoder: WhisperEncoder, samples: Tensor) -> Tensor:
        layers = torch.cat(encoder(self.log_mel(samples)), dim=-1)
        count = layers.shape[1] // _POOLING
        frames = layers[:, : count * _POOLING].reshape(len(layers), count, _POOLING, -1).mean(2)
        return (frames - self.mean) / self.deviation


def _distance(heard: Tensor, wanted: Tensor) -> Tensor:
    """Compare frames one by one, and what classifiers make of them: their means and deviations over the clip.

    Frames that cannot be known for certain are guessed as their mean, which would leave deviations too small.
    """
    frames = functional.smooth_l1_loss(heard, wanted)
    means = functional.mse_loss(heard.mean(1), wanted.mean(1))
    deviations = functional.mse_loss(heard.std(1), wanted.std(1))
    return frames + _STATISTICS_WEIGHT * (means + deviations)


def _batch_of_one(samples: NDArray[np.float32]) -> Tensor:
    return torch.from_numpy(np.pad(samples, (0, max(0, MIN_SAMPLES - len(samples)))))[None]


class _Pairs(Dataset[Any]):
    """Each recording as it is and degraded; which degradation depends on the epoch."""

    def __init__(self, paths: Sequence[Path], recipe: Distillation, epoch: int) -> None:
        self.paths, self.recipe, self.epoch = paths, recipe, epoch

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> Pair | AffettoError:
        # An exception would come out of another process with the whole of that process's traceback in its message.
        try:
            return self._pair(index)
        except AffettoError as error:
            return error

    def _pair(self, index: int) -> Pair:
        # Epochs are counted from -1, the one that only measures.
        rng = np.random.default_rng([self.recipe.seed, self.epoch + 1, index])
        samples = read(self.paths[index], sample_rate_hz=SAMPLE_RATE_HZ).samples
        margin_s = rng.uniform(0, _MARGIN_S)
        samples = trim_silence(remove_dc(samples, SAMPLE_RATE_HZ), SAMPLE_RATE_HZ, margin_s=margin_s)
        if rng.random() < _SPEED_SHARE:
            samples = change_speed(samples, SAMPLE_RATE_HZ, factor=float(rng.uniform(*_SPEED)))
        clean = normalize_level(samples, SAMPLE_RATE_HZ)
        if self.epoch >= 0 and rng.random() < self.recipe.clean:
            return clean, clean
        return clean, normalize_level(degrade(clean, SAMPLE_RATE_HZ, rng), SAMPLE_RATE_HZ)


def _pairs(paths: Sequence[Path], recipe: Distillation, *, epoch: int, shuffled: bool) -> Iterator[Pair]:
    """Prepare pairs in processes of their own, while the student learns from those before."""
    order = np.random.default_rng([recipe.seed, epoch + 1]).permutation(len(paths)) if shuffled else range(len(paths))
    loader = DataLoader(
        _Pairs(paths, recipe, epoch),
        sampler=[int(index) for index in order],
        batch_size=None,
        num_workers=min(4, usable_cpus()),
        prefetch_factor=64,
        collate_fn=_as_it_is,
    )
    for pair in loader:
        if isinstance(pair, AffettoError):
            raise pair
        yield pair


def _as_it_is(pair: Any) -> Any:
    """Keep arrays: a loader makes tensors of them otherwise."""
    return pair


def _batches(pairs: Iterable[Pair], batch_size: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Put pairs of about one length together, cut to that of the shortest: the encoder knows no padding."""
    pool: list[Pair] = []
    for pair in pairs:
        if len(pair[0]) >= _LEAST_S * SAMPLE_RATE_HZ:
            pool.append(pair)
        if len(pool) == _POOL:
            yield from _batches_of(pool, batch_size)
            pool = []
    yield from _batches_of(pool, batch_size)


def _batches_of(pool: list[Pair], batch_size: int) -> Iterator[tuple[Tensor, Tensor]]:
    pool.sort(key=lambda pair: len(pair[0]))
    firsts = range(0, len(pool), batch_size)
    for number in torch.randperm(len(firsts)).tolist():
        batch = pool[firsts[number] : firsts[number] + batch_size]
        length = min(round(_MOST_S * SAMPLE_RATE_HZ), *(len(clean) for clean, _ in batch))
        starts = [int(torch.randint(len(clean) - length + 1, ())) for clean, _ in batch]
        clean, degraded = (
            torch.from_numpy(np.stack([pair[kind][at : at + length] for pair, at in zip(batch, starts, strict=True)]))
            for kind in (0, 1)
        )
        yield clean, degraded


class _Checkpoint:
    """Keeps the state of the training after each epoch; the file appears whole or not at all."""

    def __init__(self, path: Path, described: dict[str, Any]) -> None:
        self.path, self.described = path, repr(described)

    def keep(self, training: _Training, epochs: int) -> None:
        state = {
            "student": training.student.state_dict(),
            "optimizer": training.optimizer.state_dict(),
            "step": training.step,
            "epochs": epochs,
            "described": self.described,
        }
        save_state(self.path, state)

    def restore(self, training: _Training) -> int:
        """Load what is kept, and return how many epochs are done."""
        if not self.path.is_file():
            return 0
        with reading_state(self.path) as state:
            if state["described"] != self.described:
                raise ParameterError(f"{self.path} is of another distillation; go on without resuming")
            training.student.load_state_dict(state["student"])
            training.optimizer.load_state_dict(state["optimizer"])
            training.step = int(state["step"])
            return int(state["epochs"])
