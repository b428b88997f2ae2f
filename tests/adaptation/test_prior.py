from __future__ import annotations

import pickle
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from affetto import BundleError, ParameterError, Recognizer
from affetto.adaptation.prior import apply_prior, describe_prior, parse_prior, resolve_prior, trained_shares
from affetto.bundles.bundle import bundled_models, load_bundle, update_manifest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from affetto import Segment
    from affetto.adaptation.prior import Prior

LABELS = ("neutral", "calm", "happy", "angry")


def test_everyday_speech_is_mostly_neutral_and_calm_is_one_of_the_others() -> None:
    assert resolve_prior("everyday", LABELS) == pytest.approx([0.7, 0.1, 0.1, 0.1])
    assert resolve_prior("balanced", LABELS) == pytest.approx([0.25] * 4)


@pytest.mark.parametrize(
    ("prior", "shares"),
    [
        ({}, [0.25, 0.25, 0.25, 0.25]),
        ({"angry": 0.1, "neutral": 0.6}, [0.6, 0.15, 0.15, 0.1]),
        ({"neutral": 1}, [1, 0, 0, 0]),
        ({"neutral": 0.5, "angry": 0.5}, [0.5, 0, 0, 0.5]),
        ({"neutral": 0}, [0, 1 / 3, 1 / 3, 1 / 3]),
        ({"neutral": np.float32(0.5), "calm": 0.3, "happy": 0.1, "angry": 0.1}, [0.5, 0.3, 0.1, 0.1]),
    ],
)
def test_unnamed_emotions_share_the_rest(prior: Mapping[str, float], shares: list[float]) -> None:
    assert resolve_prior(prior, LABELS) == pytest.approx(shares)


def test_shares_may_add_up_to_one_up_to_rounding() -> None:
    labels = [str(i) for i in range(10)]
    shares = resolve_prior(dict.fromkeys(labels, 0.1), labels)
    assert shares.sum() == pytest.approx(1, abs=1e-15)


@pytest.mark.parametrize(
    ("prior", "message"),
    [
        ("often", "'often'"),
        (None, "None"),
        (["neutral"], "'neutral'"),
        ({"bored": 0.1}, "'bored'.*neutral, calm, happy, angry"),
        ({"angry": -0.1}, r"'angry'.*-0\.1"),
        ({"angry": 1.5}, r"'angry'.*1\.5"),
        ({"angry": float("nan")}, "'angry'.*nan"),
        ({"angry": "0.1"}, "'angry'.*'0.1'"),
        ({"angry": True}, "'angry'.*True"),
        ({"neutral": 0.7, "angry": 0.4}, r"1\.1"),
        (dict.fromkeys(LABELS, 0.2), r"0\.8"),
        (dict.fromkeys(LABELS, 0), "0"),
    ],
)
def test_invalid_priors_are_refused(prior: Any, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        resolve_prior(prior, LABELS)


def test_a_model_without_neutral_speech_has_no_everyday() -> None:
    with pytest.raises(ParameterError, match="'neutral'"):
        resolve_prior("everyday", ["happy", "angry"])


def test_odds_change_by_bayes_rule() -> None:
    rows = np.random.default_rng(0).dirichlet(np.ones(4), size=100)
    shares = resolve_prior({"neutral": 0.6, "angry": 0.05}, LABELS)
    for row in rows:
        changed = apply_prior(row, shares)
        assert changed.sum() == pytest.approx(1)
        assert changed / changed[0] == pytest.approx(row / row[0] * shares / shares[0])


@pytest.mark.parametrize("n", [2, 3, 6, 8, 11])
def test_the_balanced_prior_changes_no_probability(n: int) -> None:
    row = np.random.default_rng(n).dirichlet(np.ones(n)).astype(np.float32)
    shares = resolve_prior("balanced", [str(i) for i in range(n)])
    np.testing.assert_allclose(apply_prior(row, shares), row, rtol=1e-14)


def test_shares_are_taken_beside_those_of_training() -> None:
    frequencies = [1.0, 0.25, 1.0, 1.0]
    trained = trained_shares(LABELS, frequencies)
    row = np.array([0.3, 0.1, 0.2, 0.4])
    assert resolve_prior("balanced", LABELS, frequencies) == pytest.approx(trained)
    assert apply_prior(row, trained, trained) == pytest.approx(row)
    # What is left out shares the rest as in training.
    assert resolve_prior({LABELS[0]: 0.55}, LABELS, frequencies) == pytest.approx([0.55, 0.05, 0.2, 0.2])
    # An emotion that was rare in training becomes more probable under an even prior.
    equal = apply_prior(row, np.full(4, 0.25), trained)
    assert equal / equal[0] == pytest.approx(row / row[0] / frequencies)


def test_improbable_emotions_do_not_divide_by_zero() -> None:
    shares = resolve_prior({"neutral": 1}, LABELS)
    assert apply_prior([0.0, 0.5, 0.5, 0.0], shares).tolist() == [1, 0, 0, 0]
    assert apply_prior([0.1, 0.5, 0.4, 0.0], shares).tolist() == [1, 0, 0, 0]


def test_a_prior_is_described_as_the_command_line_takes_it() -> None:
    assert describe_prior("balanced") == "balanced"
    assert describe_prior({"neutral": 0.6, "angry": 0.1}) == "neutral=0.6,angry=0.1"


def test_a_recognizer_weighs_each_segment_once(root: Path) -> None:
    example = root / "examples" / "surprised.flac"
    prior = {"angry": 0.5, "fearful": 0.1}
    balanced = Recognizer(self_adaptation=False).recognize(example)
    weighed = Recognizer(self_adaptation=False, prior=prior).recognize(example)
    odds = balanced.probabilities["angry"] / balanced.probabilities["fearful"]
    (segment,) = weighed.segments
    for probabilities in (weighed.probabilities, segment.probabilities):
        assert probabilities["angry"] / probabilities["fearful"] == pytest.approx(5 * odds, rel=1e-4)
    assert (weighed.arousal, weighed.valence) == (segment.arousal, segment.valence)
    assert (weighed.arousal, weighed.valence) == (balanced.arousal, balanced.valence)
    assert weighed.confidence != balanced.confidence


def test_streams_and_interim_results_follow_the_prior(root: Path) -> None:
    from affetto import read

    call = read(root / "examples" / "angry.flac")
    found: list[list[Segment]] = []
    priors: tuple[Prior, ...] = ("balanced", "everyday")
    for prior in priors:
        live = Recognizer(prior=prior).listen(sample_rate_hz=call.sample_rate_hz)
        live.push(call.samples[:35_000])
        interim = live.interim()
        assert interim is not None
        live.push(call.samples[35_000:])
        found.append([interim, *live.end().segments])
    for before, after in zip(*found, strict=True):
        assert after.probabilities["neutral"] > 2 * before.probabilities["neutral"]
        assert (after.arousal, after.valence) == (before.arousal, before.valence)


def test_the_status_is_that_of_the_confidence_after_the_prior(root: Path) -> None:
    example = root / "examples" / "neutral.flac"
    assert Recognizer().recognize(example).status == "uncertain"
    everyday = Recognizer(prior="everyday")
    result = everyday.recognize(example)
    assert (result.status, result.emotion) == ("ok", "neutral")
    assert result.confidence is not None
    assert result.confidence >= everyday.bundle.threshold


def test_the_prior_is_shown_and_survives_pickling() -> None:
    recognizer = Recognizer("gmm", prior={"neutral": 0.3})
    again = pickle.loads(pickle.dumps(recognizer))
    assert again.prior == recognizer.prior
    assert again.prior["neutral"] == 0.3
    assert sum(again.prior.values()) == pytest.approx(1)
    assert set(Recognizer("gmm").prior.values()) == {1 / 8}


def test_the_default_prior_is_that_of_the_bundle(tmp_path: Path, root: Path) -> None:
    shutil.copytree(bundled_models()["gmm"], tmp_path / "mine")
    assert load_bundle(tmp_path / "mine").prior == "balanced"
    update_manifest(tmp_path / "mine", {"prior": "everyday"})
    recognizer = Recognizer(tmp_path / "mine")
    assert recognizer.prior["neutral"] == 0.7
    example = root / "examples" / "angry.flac"
    assert recognizer.recognize(example).probabilities == pytest.approx(
        Recognizer("gmm", prior="everyday").recognize(example).probabilities
    )
    assert Recognizer(tmp_path / "mine", prior="balanced").prior["neutral"] == 1 / 8


def test_an_invalid_prior_of_a_bundle_is_named(tmp_path: Path) -> None:
    shutil.copytree(bundled_models()["gmm"], tmp_path / "mine")
    update_manifest(tmp_path / "mine", {"prior": {"bored": 0.5}})
    with pytest.raises(BundleError, match=r"mine.*'bored'"):
        Recognizer(tmp_path / "mine")


def test_read_sentences_are_neutral_under_the_everyday_prior(data_dir: Path) -> None:
    clips = sorted((data_dir / "free-speech").glob("LJ001-*"))
    if not clips:
        pytest.skip(f"free-speech is not in {data_dir}")
    counts = {}
    priors: tuple[Prior, ...] = ("balanced", "everyday")
    for prior in priors:
        results = list(Recognizer(prior=prior).recognize_each(clips))
        counts[prior] = sum(getattr(result, "emotion", None) == "neutral" for result in results)
    assert counts["everyday"] >= max(counts["balanced"], len(clips) / 2)


@pytest.mark.parametrize("prior", ["everyday", "balanced", {"neutral": 0.6, "angry": 0.1}])
def test_a_described_prior_is_parsed_back(prior: Prior) -> None:
    assert parse_prior(describe_prior(prior)) == prior


@pytest.mark.parametrize("text", ["often", "", "neutral", "neutral=most", "=0.5", "neutral=0.5,neutral=0.2"])
def test_an_invalid_prior_is_named(text: str) -> None:
    with pytest.raises(ParameterError, match=f"prior '{text}'"):
        parse_prior(text)
