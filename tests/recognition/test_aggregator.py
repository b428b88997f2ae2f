from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from affetto import Turn
from affetto.adaptation.online import OnlineAdapter
from affetto.adaptation.prior import resolve_prior
from affetto.classifiers.onnx_model import ModelOutput
from affetto.recognition.aggregator import ResultAggregator, SegmentPrediction
from affetto.recognition.result import ModelName

if TYPE_CHECKING:
    from affetto.adaptation.prior import Prior

LABELS = ("neutral", "happy", "angry")


def predicted(start_s: float, end_s: float, *probabilities: float) -> SegmentPrediction:
    return SegmentPrediction(start_s, end_s, ModelOutput(np.array(probabilities, np.float32), np.zeros(0, np.float32)))


def answers(threshold: float = 0.6, prior: Prior = "balanced") -> ResultAggregator:
    return ResultAggregator(
        ModelName("mine", "1"), LABELS, threshold, lambda: OnlineAdapter(None), resolve_prior(prior, LABELS)
    )


@pytest.mark.parametrize(
    ("confidence", "status"), [(0.59, "uncertain"), (0.5999996, "ok"), (0.6, "ok"), (0.9, "ok"), (0.4, "uncertain")]
)
def test_less_confidence_than_the_threshold_is_uncertain(confidence: float, status: str) -> None:
    """The confidence is compared as it is written, in six decimals, so that a shown 0.6 reaches 0.6."""
    rest = (1 - confidence) / 2
    segment = answers().add(predicted(0, 1, rest, rest, confidence))
    assert segment.status == status
    assert segment.emotion == "angry"
    assert segment.confidence == segment.probabilities["angry"] == pytest.approx(confidence, abs=1e-6)


def test_without_a_threshold_every_status_is_ok() -> None:
    assert answers(0.0).add(predicted(0, 1, 0.34, 0.33, 0.33)).status == "ok"


def test_the_result_is_the_mean_weighted_by_length() -> None:
    call = answers()
    call.add(predicted(0.0, 3.0, 0.8, 0.1, 0.1))
    call.add(predicted(4.0, 5.0, 0.0, 0.2, 0.8))
    assert call.speech_s == pytest.approx(4)
    status, emotion, confidence, probabilities, *_ = call.overall()
    assert probabilities == pytest.approx({"neutral": 0.6, "happy": 0.125, "angry": 0.275})
    assert (status, emotion, confidence) == ("ok", "neutral", probabilities["neutral"])
    # Two confident segments that disagree give an uncertain result.
    call.add(predicted(6.0, 9.0, 0.0, 0.0, 1.0))
    assert call.overall()[:2] == ("uncertain", "angry")


def test_interim_segments_do_not_count() -> None:
    call = answers()
    segment = call.interim(predicted(0.0, 3.0, 0.8, 0.1, 0.1))
    assert (segment.start_s, segment.end_s, segment.emotion) == (0.0, 3.0, "neutral")
    assert call.speech_s == 0
    call.add(predicted(0.0, 4.0, 0.1, 0.8, 0.1))
    assert call.overall()[1] == "happy"
    assert call.adapted_to is None


def test_arousal_and_valence_are_those_of_the_probabilities_before_the_prior() -> None:
    calls = [answers(), answers(prior="everyday")]
    for call in calls:
        call.add(predicted(0.0, 3.0, 0.1, 0.1, 0.8))
        call.add(predicted(4.0, 5.0, 0.0, 0.8, 0.2))
    balanced, everyday = (call.overall() for call in calls)
    assert everyday.probabilities["neutral"] > balanced.probabilities["neutral"]
    # Three seconds at 0.8 of excited emotions more than of others, one second at 1.
    assert (balanced.arousal, everyday.arousal) == pytest.approx((0.85, 0.85))
    assert balanced.valence == everyday.valence
    assert balanced.valence is not None
    assert balanced.valence < 0


def test_the_prior_is_applied_once_to_each_segment() -> None:
    call = answers(prior={"neutral": 0.5, "happy": 0.25})
    segments = [call.add(predicted(0.0, 3.0, 0.2, 0.2, 0.6)), call.add(predicted(4.0, 5.0, 0.4, 0.4, 0.2))]
    assert [segment.probabilities["neutral"] for segment in segments] == pytest.approx([2 / 6, 4 / 7], abs=1e-6)
    assert call.overall().probabilities["neutral"] == pytest.approx(0.75 * 2 / 6 + 0.25 * 4 / 7, abs=1e-6)


def test_a_turn_is_the_mean_of_its_pieces_and_counts_once() -> None:
    call = answers()
    pieces = [predicted(1.0, 4.0, 0.8, 0.1, 0.1), predicted(5.0, 6.0, 0.0, 0.2, 0.8)]
    segment = call.add_turn(Turn(0, 9, "Anna", "Well."), pieces, overlapped=False, reason=None)
    assert segment.probabilities == pytest.approx({"neutral": 0.6, "happy": 0.125, "angry": 0.275})
    assert (segment.start_s, segment.end_s, segment.speaker, segment.text) == (0, 9, "Anna", "Well.")
    assert (segment.status, segment.emotion, segment.reason) == ("ok", "neutral", None)
    assert call.speech_s == pytest.approx(4)
    assert call.overall().probabilities == segment.probabilities


def test_an_overlapped_turn_is_uncertain_and_one_without_speech_has_no_answer() -> None:
    call = answers()
    sure = call.add_turn(Turn(0, 1), [predicted(0, 1, 1.0, 0.0, 0.0)], overlapped=True, reason="others speak")
    assert (sure.status, sure.confidence, sure.reason) == ("uncertain", 1.0, "others speak")
    silent = call.add_turn(Turn(2, 3), [], overlapped=False, reason="silence")
    assert (silent.status, silent.emotion, silent.probabilities, silent.reason) == ("no_speech", None, {}, "silence")
    assert call.speech_s == pytest.approx(1)
    assert call.overall().emotion == "neutral"


def test_an_overlapped_turn_counts_only_if_there_are_no_others() -> None:
    call = answers()
    call.add_turn(Turn(0, 9), [predicted(0, 9, 1.0, 0.0, 0.0)], overlapped=True, reason="others speak")
    call.add_turn(Turn(1, 2), [], overlapped=False, reason="silence")
    assert call.overall().emotion == "neutral"
    call.add_turn(Turn(9, 10), [predicted(9, 10, 0.0, 1.0, 0.0)], overlapped=False, reason=None)
    assert call.overall().emotion == "happy"
    assert call.speech_s == pytest.approx(1)
