"""The robustness test: the same clips again and again, each time degraded in another way, heard by a whole recognizer.

What a user gets is measured: voice activity and pre-processing are part of it, and whoever is no longer heard counts as
not recognized.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

from affetto._checks import whole_number
from affetto._cpus import usable_cpus
from affetto._extras import require_extra
from affetto.errors import AffettoError, AudioError, CorpusError, ParameterError
from affetto.evaluation.robustness.conditions import CLEAN
from affetto.evaluation.scores import confusion_matrix, unweighted_average_recall

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from affetto.corpora.base import Utterance
    from affetto.evaluation.robustness.conditions import Condition
    from affetto.recognition.recognizer import Recognizer

DECIMALS = 4


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was heard of one clip in one condition.

    Attributes
    ----------
    clip, speaker : str
        Whose.
    truth : str
        The emotion that the speaker was asked to express.
    condition, level : str
        The condition.
    denoised : bool
        Whether noise was removed before.
    emotion : str or None
        What was heard; None where nobody was.
    confidence : float or None
        Its probability.
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
    """What a condition costs, over all clips; fractions, at four decimals.

    Attributes
    ----------
    condition, level : str
        The condition.
    uar : float
        Unweighted average recall; a clip in which nobody is heard is not recognized.
    drop : float
        How much of it is lost against the clean clips; below 0 is gained.
    labels_kept : float
        Part of the clips of which the same is heard as when clean, right or wrong.
    accuracy : float
        Part of the clips that are right.
    confidence : float or None
        Mean over the clips in which somebody is heard; None where there is none.
    no_speech : float
        Part of the clips in which nobody is heard.
    uar_denoised, gain : float or None
        UAR with noise removed before recognition, and what that gains; None where it was not tried.
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
    jobs: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[Outcome]:
    """Recognize every clip in every condition.

    What is left to chance follows from the seed, the condition's name and the clip's name alone: a clip has the same
    noise whatever else is run, and at every level of it.

    Parameters
    ----------
    recognizer : Recognizer
        One with ``threads=1`` is fastest here: several clips are heard at a time.
    utterances : sequence of Utterance
        The clips. They are degraded at the rate that the model hears.
    conditions : sequence of Condition
        From `affetto.evaluation.robustness.conditions.make_conditions`. Clean clips are always measured.
    seed : int
        Not below 0.
    denoise : bool
        Whether to hear each condition a second time, with noise removed by `affetto.preprocessing`.
    jobs : int, optional
        How many clips at a time; by default as many as there are cores.
    progress : callable, optional
        Called after each clip with how many are done, and how many there are.

    Returns
    -------
    list of Outcome
        Clip by clip; those of several models and their clips may be joined and summarized together.

    Raises
    ------
    ParameterError
        If there are no clips, a condition occurs twice, or a number makes no sense.
    CorpusError
        If clips have emotions that the model does not know, or two have the same name.
    AudioError
        If a clip cannot be read, or not be recognized.
    MissingExtraError
        If a condition needs an extra that is missing.
    """
    workers = usable_cpus() if jobs is None else whole_number(jobs, name="jobs")
    seed = whole_number(seed, name="seed", least=0)
    if not utterances:
        raise ParameterError("there are no clips; give one or more")
    require_known_emotions(recognizer, utterances)
    clips = [utterance.clip for utterance in utterances]
    if len(set(clips)) < len(clips):
        twice = next(clip for clip in clips if clips.count(clip) > 1)
        raise CorpusError(f"two clips are called {twice!r}; rename one, since outcomes are told apart by name")
    todo = (CLEAN, *(condition for condition in conditions if condition.name != CLEAN.name))
    if len({condition.title for condition in todo}) < len(todo):
        raise ParameterError(f"a condition occurs twice in {', '.join(condition.title for condition in todo)}")
    for condition in todo:
        if condition.extra is not None:
            require_extra(condition.extra, purpose=f"the condition {condition.title!r}")
    if denoise:
        require_extra("denoise", purpose="noise removal")
    pool = ThreadPoolExecutor(workers, thread_name_prefix="robustness")
    try:
        # All are read before the first is heard: what is wrong with the last shows now, not after an hour.
        for _ in pool.map(partial(_require_recognizable, _rate(recognizer)), utterances):
            pass
        pending = [
            pool.submit(_outcomes, recognizer, utterance, todo, seed=seed, denoise=denoise) for utterance in utterances
        ]
        outcomes = []
        for done, future in enumerate(pending, start=1):
            outcomes += future.result()
            if progress is not None:
                progress(done, len(pending))
        return outcomes
    finally:
        pool.shutdown(cancel_futures=True)


def require_known_emotions(recognizer: Recognizer, utterances: Iterable[Utterance]) -> None:
    """Refuse clips that a model cannot get right.

    Parameters
    ----------
    recognizer : Recognizer
    utterances : iterable of Utterance

    Raises
    ------
    CorpusError
        If some have emotions that the model does not know.
    """
    unknown = sorted({utterance.emotion for utterance in utterances}.difference(recognizer.labels))
    if unknown:
        raise CorpusError(
            f"the clips are labelled {', '.join(unknown)} among others, which the model does not know: it knows "
            f"{', '.join(recognizer.labels)}; give a table without these clips, or a model trained on their emotions"
        )


def summarize_robustness(outcomes: Iterable[Outcome]) -> list[RobustnessRow]:
    """Pool outcomes to one row for each condition.

    Parameters
    ----------
    outcomes : iterable of Outcome
        Of one run of `measure_robustness`, or of several over different clips.

    Returns
    -------
    list of RobustnessRow
        In the order in which the conditions occur first.

    Raises
    ------
    ParameterError
        If a clip occurs twice in a condition, or the conditions are not over the same clips.
    """
    groups: dict[tuple[str, str, bool], dict[str, Outcome]] = {}
    for outcome in outcomes:
        key = (outcome.condition, outcome.level, outcome.denoised)
        group = groups.setdefault(key, {})
        if outcome.clip in group:
            raise ParameterError(f"the clip {outcome.clip!r} occurs twice in the condition {' '.join(key[:2]).strip()}")
        group[outcome.clip] = outcome
    clean = groups.get((CLEAN.name, CLEAN.level, False), {})
    for (condition, level, _), group in groups.items():
        if group.keys() != clean.keys():
            raise ParameterError(
                f"{f'{condition} {level}'.strip()} was heard of {len(group)} clips and clean of {len(clean)}; "
                "give outcomes of the same clips"
            )
    uar_clean = _uar(clean.values()) if clean else 0.0
    rows = []
    for (condition, level, denoised), group in groups.items():
        if denoised:
            continue
        uar = _uar(group.values())
        again = groups.get((condition, level, True))
        uar_denoised = None if again is None else _uar(again.values())
        heard = [outcome.confidence for outcome in group.values() if outcome.confidence is not None]
        rows.append(
            RobustnessRow(
                condition=condition,
                level=level,
                uar=uar,
                drop=round(uar_clean - uar, DECIMALS),
                labels_kept=_part(
                    outcome.emotion is not None and outcome.emotion == clean[clip].emotion
                    for clip, outcome in group.items()
                ),
                accuracy=_part(outcome.emotion == outcome.truth for outcome in group.values()),
                confidence=round(float(np.mean(heard)), DECIMALS) if heard else None,
                no_speech=_part(outcome.emotion is None for outcome in group.values()),
                uar_denoised=uar_denoised,
                gain=None if uar_denoised is None else round(uar_denoised - uar, DECIMALS),
            )
        )
    return rows


def _rate(recognizer: Recognizer) -> int:
    return int(recognizer.bundle.manifest["input"]["sample_rate_hz"])


def _require_recognizable(sample_rate_hz: int, utterance: Utterance) -> None:
    """Refuse a clip that cannot be read, or is too short as it is."""
    from affetto.speech import read
    from affetto.speech.waveform import MIN_DURATION_S

    duration_s = read(utterance.path, sample_rate_hz=sample_rate_hz).duration_s
    if duration_s < MIN_DURATION_S:
        raise AudioError(
            f"{utterance.path}: it is {duration_s:.3g} s long; at least {MIN_DURATION_S:g} s are needed; leave it out"
        )


def _outcomes(
    recognizer: Recognizer, utterance: Utterance, conditions: Sequence[Condition], *, seed: int, denoise: bool
) -> list[Outcome]:
    """Hear one clip in all conditions."""
    from affetto.preprocessing.steps import remove_noise
    from affetto.speech import read
    from affetto.speech.waveform import MIN_DURATION_S

    rate = _rate(recognizer)
    samples = read(utterance.path, sample_rate_hz=rate).samples
    outcomes = []
    for condition in conditions:
        try:
            degraded = condition.degrade(samples, rate, _generator(seed, condition.name, utterance.clip))
            for denoised in (False, True) if denoise else (False,):
                sound = remove_noise(degraded, rate) if denoised else degraded
                # Faster speech may become too short to be recognized: then nobody is heard in it.
                is_heard = condition.name == CLEAN.name or len(sound) >= MIN_DURATION_S * rate
                result = recognizer.recognize((sound, rate)) if is_heard else None
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
        except AffettoError:
            raise
        except Exception as error:
            problem = f"{type(error).__name__}: {error}"
            raise AudioError(f"{utterance.path}, {condition.title}: it cannot be recognized: {problem}") from error
    return outcomes


def _generator(seed: int, condition: str, clip: str) -> np.random.Generator:
    digest = blake2b(f"{condition}\0{clip}".encode(), digest_size=8).digest()
    return np.random.default_rng([seed, int.from_bytes(digest, "big")])


def _uar(outcomes: Iterable[Outcome]) -> float:
    """Return the UAR; an answer that is none has a column of its own, in which nothing is right."""
    pairs = [(outcome.truth, outcome.emotion) for outcome in outcomes]
    labels: list[str | None] = list(dict.fromkeys(label for pair in pairs for label in pair))
    index = {label: number for number, label in enumerate(labels)}
    matrix = confusion_matrix([index[truth] for truth, _ in pairs], [index[heard] for _, heard in pairs], len(labels))
    return round(float(unweighted_average_recall(matrix)), DECIMALS)


def _part(hits: Iterable[bool]) -> float:
    return round(float(np.mean(list(hits))), DECIMALS)
