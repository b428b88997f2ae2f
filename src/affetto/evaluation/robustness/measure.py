"""The robustness test: recognize the same clips under many conditions, with a whole recognizer.

Voice activity detection and pre-processing are part of the test. A clip in which no speech is found counts as not
recognized.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np

from affetto._checks import whole_number
from affetto._cpus import usable_cpus
from affetto._extras import require_extra
from affetto.errors import AudioError, CorpusError, ParameterError
from affetto.evaluation.predictions import require_unique_clips
from affetto.evaluation.robustness.conditions import CLEAN

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from affetto.corpora.base import Utterance
    from affetto.evaluation.robustness.conditions import Condition
    from affetto.recognition.recognizer import Recognizer

DECIMALS = 4


@dataclass(frozen=True, slots=True)
class Outcome:
    """The recognition of one clip in one condition.

    Attributes
    ----------
    clip, speaker : str
    truth : str
        The true emotion.
    condition, level : str
    denoised : bool
        Whether noise was removed before.
    emotion : str or None
        The recognized emotion; None without speech.
    confidence : float or None
    """

    clip: str
    speaker: str
    truth: str
    condition: str
    level: str
    denoised: bool
    emotion: str | None
    confidence: float | None


@dataclass(frozen=True, slots=True)
class RobustnessRow:
    """The effect of a condition over all clips; fractions, at four decimals.

    Attributes
    ----------
    condition, level : str
        The condition.
    uar : float
        Unweighted average recall; a clip without speech is not recognized.
    drop : float
        UAR on clean clips minus this one; below 0 is a gain.
    labels_kept : float
        Part of the clips with the same emotion as when clean, right or wrong.
    accuracy : float
        Part of the clips that are right.
    confidence : float or None
        Mean over the clips with speech; None without any.
    no_speech : float
        Part of the clips without speech.
    uar_denoised, gain : float or None
        UAR with noise removed before recognition, and its difference to `uar`; None if it was not tried.
    """

    condition: str
    level: str
    uar: float
    drop: float
    labels_kept: float
    accuracy: float
    confidence: float | None
    no_speech: float
    uar_denoised: float | None = None
    gain: float | None = None


def measure_robustness(
    recognizer: Recognizer,
    utterances: Sequence[Utterance],
    conditions: Sequence[Condition],
    *,
    seed: int = 0,
    denoise: bool = False,
    track: Callable[[Sequence[Any]], Iterable[Any]] = iter,
) -> list[Outcome]:
    """Recognize every clip in every condition.

    Random values depend only on the seed, the condition's name and the clip's name. So a clip has the same noise at
    every level, and in every choice of clips and conditions.

    Parameters
    ----------
    recognizer : Recognizer
        With ``threads=1``, which is fastest here since clips run in parallel.
    utterances : sequence of Utterance
        The clips. They are degraded at the sample rate of the model.
    conditions : sequence of Condition
        From `affetto.evaluation.robustness.conditions.make_conditions`. Clean clips are always measured.
    seed : int
    denoise : bool
        Whether to recognize each condition a second time with noise removed by `affetto.preprocessing`.
    track : callable
        Passes on the clips' results one by one, for a progress bar.

    Returns
    -------
    list of Outcome
        Clip by clip; outcomes of several models on different clips may be summarized together.

    Raises
    ------
    ParameterError
        If there are no clips, a condition occurs twice, or a number is out of range.
    CorpusError
        If clips have emotions that the model does not know, or two have the same name.
    AudioError
        If a clip cannot be read or recognized.
    MissingExtraError
        If a condition needs an extra that is missing.
    """
    seed = whole_number(seed, name="seed", least=0)
    if not utterances:
        raise ParameterError("there are no clips; give one or more")
    require_known_emotions(recognizer, utterances)
    require_unique_clips(utterances)
    todo = (CLEAN, *(condition for condition in conditions if condition.name != CLEAN.name))
    if len({condition.title for condition in todo}) < len(todo):
        raise ParameterError(f"a condition occurs twice in {', '.join(condition.title for condition in todo)}")
    for condition in todo:
        if condition.extra is not None:
            require_extra(condition.extra, purpose=f"the condition {condition.title!r}")
    if denoise:
        require_extra("denoise", purpose="noise removal")
    rate = int(recognizer.bundle.manifest["input"]["sample_rate_hz"])
    pool = ThreadPoolExecutor(usable_cpus(), thread_name_prefix="robustness")
    try:
        # All are read before the first is recognized, so that a broken file fails now and not after an hour.
        list(pool.map(partial(_require_recognizable, rate), utterances))
        pending = [
            pool.submit(_outcomes, recognizer, utterance, todo, rate=rate, seed=seed, denoise=denoise)
            for utterance in utterances
        ]
        return [outcome for future in track(pending) for outcome in future.result()]
    finally:
        pool.shutdown(cancel_futures=True)


def require_known_emotions(recognizer: Recognizer, utterances: Iterable[Utterance]) -> None:
    """Raise a CorpusError if clips have emotions that a model does not know."""
    unknown = sorted({utterance.emotion for utterance in utterances}.difference(recognizer.labels))
    if unknown:
        raise CorpusError(
            f"some clips are labelled {', '.join(unknown)}, but the model knows only {', '.join(recognizer.labels)}; "
            "give a table without these clips, or a model trained on their emotions"
        )


def sample_utterances(utterances: Sequence[Utterance], count: int | None, *, seed: int) -> list[Utterance]:
    """Draw a number of clips without replacement, in their order; None: all."""
    if count is None or count >= len(utterances):
        return list(utterances)
    chosen = np.random.default_rng(seed).choice(len(utterances), count, replace=False)
    return [utterances[index] for index in sorted(chosen.tolist())]


def summarize_robustness(outcomes: Iterable[Outcome]) -> list[RobustnessRow]:
    """Pool outcomes, of one run or of several over different clips, to one row for each condition.

    Raises
    ------
    ParameterError
        If a clip occurs twice in a condition, or the conditions are not over the same clips.
    """
    groups: dict[tuple[str, str, bool], dict[str, Outcome]] = {}
    for outcome in outcomes:
        group = groups.setdefault((outcome.condition, outcome.level, outcome.denoised), {})
        if outcome.clip in group:
            title = f"{outcome.condition} {outcome.level}".strip()
            raise ParameterError(f"the clip {outcome.clip!r} occurs twice in the condition {title}")
        group[outcome.clip] = outcome
    clean = groups.get((CLEAN.name, CLEAN.level, False), {})
    for (condition, level, _), group in groups.items():
        if group.keys() != clean.keys():
            raise ParameterError(
                f"{f'{condition} {level}'.strip()} has outcomes of {len(group)} clips and clean of {len(clean)}; "
                "give outcomes of the same clips"
            )
    return [
        _row(group, clean, denoised=groups.get((condition, level, True)))
        for (condition, level, is_denoised), group in groups.items()
        if not is_denoised
    ]


def _row(group: dict[str, Outcome], clean: dict[str, Outcome], *, denoised: dict[str, Outcome] | None) -> RobustnessRow:
    outcomes = list(group.values())
    uar = _uar(outcomes)
    uar_denoised = None if denoised is None else _uar(denoised.values())
    confidences = [outcome.confidence for outcome in outcomes if outcome.confidence is not None]
    kept = [o.emotion is not None and o.emotion == clean[o.clip].emotion for o in outcomes]
    return RobustnessRow(
        condition=outcomes[0].condition,
        level=outcomes[0].level,
        uar=uar,
        drop=round(_uar(clean.values()) - uar, DECIMALS),
        labels_kept=_mean(kept),
        accuracy=_mean([outcome.emotion == outcome.truth for outcome in outcomes]),
        confidence=_mean(confidences) if confidences else None,
        no_speech=_mean([outcome.emotion is None for outcome in outcomes]),
        uar_denoised=uar_denoised,
        gain=None if uar_denoised is None else round(uar_denoised - uar, DECIMALS),
    )


def _require_recognizable(sample_rate_hz: int, utterance: Utterance) -> None:
    """Refuse a clip that cannot be read or is too short."""
    from affetto.speech import read
    from affetto.speech.waveform import MIN_DURATION_S

    duration_s = read(utterance.path, sample_rate_hz=sample_rate_hz).duration_s
    if duration_s < MIN_DURATION_S:
        raise AudioError(
            f"{utterance.path}: it is {duration_s:.3g} s long; at least {MIN_DURATION_S:g} s are needed; leave it out"
        )


def _outcomes(
    recognizer: Recognizer,
    utterance: Utterance,
    conditions: Sequence[Condition],
    *,
    rate: int,
    seed: int,
    denoise: bool,
) -> list[Outcome]:
    """Recognize one clip in all conditions."""
    from affetto.preprocessing.steps import remove_noise
    from affetto.speech import read
    from affetto.speech.waveform import MIN_DURATION_S

    samples = read(utterance.path, sample_rate_hz=rate).samples
    outcomes = []
    for condition in conditions:
        try:
            degraded = condition.degrade(samples, rate, _generator(seed, condition.name, utterance.clip))
            for denoised in (False, True) if denoise else (False,):
                sound = remove_noise(degraded, rate) if denoised else degraded
                # Faster speech may become too short to be recognized; it counts as no speech.
                long_enough = condition.name == CLEAN.name or len(sound) >= MIN_DURATION_S * rate
                result = recognizer.recognize((sound, rate)) if long_enough else None
                outcomes.append(
                    Outcome(
                        clip=utterance.clip,
                        speaker=utterance.speaker,
                        truth=utterance.emotion,
                        condition=condition.name,
                        level=condition.level,
                        denoised=denoised,
                        emotion=result.emotion if result else None,
                        confidence=result.confidence if result else None,
                    )
                )
        except AudioError as error:
            problem = str(error).replace("<samples>", "the sound")
            raise AudioError(f"{utterance.path}, {condition.title}: {problem}") from error
        except Exception as error:
            error.add_note(f"It happened for {utterance.path}, {condition.title}.")
            raise
    return outcomes


def _generator(seed: int, condition: str, clip: str) -> np.random.Generator:
    digest = blake2b(f"{condition}\0{clip}".encode(), digest_size=8).digest()
    return np.random.default_rng([seed, int.from_bytes(digest, "big")])


def _uar(outcomes: Collection[Outcome]) -> float:
    hits: dict[str, list[bool]] = {}
    for outcome in outcomes:
        hits.setdefault(outcome.truth, []).append(outcome.emotion == outcome.truth)
    return _mean([float(np.mean(of_emotion)) for of_emotion in hits.values()])


def _mean(values: Sequence[float]) -> float:
    return round(float(np.mean(values)), DECIMALS)
