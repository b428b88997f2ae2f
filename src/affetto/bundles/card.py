"""Model cards: what a bundle is, how good it was measured to be, and what it must not be used for.

After Mitchell et al. 2019, "Model cards for model reporting", FAT*. A card says what the bundle's manifest says and no
more: what the manifest does not hold was not measured.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from affetto.adaptation.prior import BALANCED, describe_prior
from affetto.errors import BundleError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    Manifest = Mapping[str, Any]

NOT_MEASURED = "Not measured."

NOTABLE_GAP = 0.04
"""Difference in UAR between women and men, as a fraction, above which a card speaks of it."""

_PEOPLE = {"female": "women", "male": "men"}


def model_card(manifest: Manifest) -> str:
    """Return a bundle's model card.

    Parameters
    ----------
    manifest : mapping
        As `load_bundle` reads it. Whatever is not required of a manifest may be missing.

    Returns
    -------
    str
        Markdown, with a line break at its end.

    Raises
    ------
    BundleError
        If a part of the manifest is not what ``docs/reference/bundles.md`` says.
    """
    blocks = [f"# {_text(manifest['name'])} {_text(manifest['version'])}", _PURPOSE]
    for title, section in _sections(manifest):
        try:
            content = list(section(manifest))
        except (AttributeError, IndexError, KeyError, TypeError, ValueError, ZeroDivisionError) as error:
            raise BundleError(
                f"the card of {manifest['name']!r} cannot be written, since its manifest says something else than "
                f"docs/reference/bundles.md about {title!r} ({type(error).__name__}: {error}); train the bundle again"
            ) from error
        blocks += [f"## {title}", *content]
    return "\n\n".join(blocks) + "\n"


_PURPOSE = (
    "Hears how something is said and tells how probable it is that the voice expresses each of several emotions. "
    "This card is made from the bundle's manifest by `affetto models BUNDLE`."
)


def _what_it_is(manifest: Manifest) -> Iterator[str]:
    heard = manifest["input"]
    unit = "one utterance as samples" if heard["kind"] == "waveform" else f"{heard['size']} features of one utterance"
    facts = {"classifier": manifest["classifier"], "input": f"{unit}, mono, {heard['sample_rate_hz']} Hz"}
    if steps := manifest["preprocessing"]:
        facts["before that"] = ", ".join(step["step"] for step in steps)
    facts["output"] = f"probabilities of {', '.join(manifest['labels'])}"
    facts["prior"] = f"{describe_prior(manifest.get('prior', BALANCED))}, unless another is chosen"
    if rarer := [
        f"{label} {frequency:.2g} times as frequent as others"
        for label, frequency in zip(manifest["labels"], manifest.get("frequencies", ()), strict=False)
        if frequency != 1
    ]:
        facts["prior"] += f"; {', '.join(rarer)}"
    if encoders := manifest.get("encoders"):
        facts["encoder under it"] = f"{', '.join(encoders['names'])}, {encoders['layers']} layers"
    if quantization := manifest.get("quantization"):
        facts["weights"] = quantization["weights"]
    if training := manifest.get("training"):
        made_by = f"Affetto {training['affetto']}, commit {training['commit'] or 'unknown'}"
        facts["trained"] = f"{training['date']} by {made_by}"
    model = manifest["model"]
    facts["size"] = f"{model['bytes'] / 1e6:.1f} MB ({model['bytes']} bytes)"
    facts[f"sha256 of `{model['file']}`"] = f"`{model['sha256']}`"
    yield _facts(facts)


def _data(manifest: Manifest) -> Iterator[str]:
    corpora = manifest.get("corpora")
    if not corpora:
        yield "The manifest does not say what it was trained on."
        return
    header = ("corpus", "speech", "recordings", "speakers", "licence")
    yield _table(
        header,
        [(c["name"], c.get("speech") or "unknown", c["utterances"], c["speakers"], c["licence"]) for c in corpora],
    )
    if cited := [corpus for corpus in corpora if corpus["citation"]]:
        yield "\n".join(f"- {_text(corpus['name'])}: {_text(corpus['citation'])}" for corpus in cited)


def _licence(manifest: Manifest) -> Iterator[str]:
    use = ", not for commercial use" if _forbids_commerce(manifest) else ""
    sentences = [f"The weights: {_text(manifest['licence'])}{use}."]
    if encoders := manifest.get("encoders"):
        sentences.append(f"The encoder under them: {_text(encoders['licence'])}.")
    yield " ".join(sentences)


def _how_it_was_measured(manifest: Manifest) -> Iterator[str]:
    results = manifest.get("results")
    if not results:
        yield NOT_MEASURED
        return
    alone = " Here it learns from that corpus alone." if _learned_several(manifest) else ""
    yield (
        "The figures are those of the recipe, not of these very weights, which learned from all speakers: for every "
        "fold it is trained anew, and tested on speakers that nothing in it was fitted, searched or calibrated on."
        f"{alone} "
        "UAR is the unweighted average recall: the mean over the emotions of the part of their recordings that was "
        "recognized. Intervals are 95 %, by bootstrap over speakers. In commands a name in capitals is the folder of "
        "that corpus."
    )
    rows = [(f"`{r['protocol']}`", r.get("description", "unknown"), f"`{r['command']}`") for r in results]
    yield _table(("protocol", "what is tested", "made by"), rows)


def _figures(manifest: Manifest) -> Iterator[str]:
    results = manifest.get("results")
    if not results:
        yield NOT_MEASURED
        return
    rows = []
    for result in results:
        error = result.get("expected_calibration_error")
        rows.append(
            (
                _measured_on(result),
                _uar(result),
                _percent(result["accuracy"]),
                _percent(result.get("macro_f1")),
                _percent(error),
                result["clips"],
            )
        )
    yield _table(("", "UAR %", "accuracy %", "macro-F1 %", "expected calibration error %", "recordings"), rows)
    yield "### By emotion"
    yield _side_by_side(results, "recall", header="recall %", write=_percent)
    yield "### By gender"
    yield _side_by_side(results, "by_gender", header="UAR %", write=_uar)
    yield from _gender_gap(manifest, results)
    yield "### By intensity"
    yield _side_by_side(results, "by_intensity", header="UAR %", write=_uar)


def _gender_gap(manifest: Manifest, results: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Say by how much women and men differ where that is notable, and why, if anybody knows."""
    gaps: dict[tuple[str, str], list[str]] = {}
    for result in results:
        uar = {gender: scores["uar"] for gender, scores in (result.get("by_gender") or {}).items()}
        if {"female", "male"} <= set(uar) and abs(uar["female"] - uar["male"]) > NOTABLE_GAP:
            better, worse = sorted(("female", "male"), key=lambda gender: -uar[gender])
            gap = f"{100 * (uar[better] - uar[worse]):.1f} points ({_measured_on(result)})"
            gaps.setdefault((_PEOPLE[better], _PEOPLE[worse]), []).append(gap)
    if gaps:
        told = ", and ".join(f"{better} better than {worse} by {', '.join(by)}" for (better, worse), by in gaps.items())
        reason = (manifest.get("notes") or {}).get("gender")
        yield f"It recognizes {told}. The reason: {_text(reason) if reason else 'unknown.'}"


def _confidence(manifest: Manifest) -> Iterator[str]:
    calibration = manifest.get("calibration")
    if not calibration:
        yield f"What an answer with the status `uncertain` means: {NOT_MEASURED.lower()}"
        return
    left_out = "corpora" if "corpora left out" in calibration["method"] else "speakers"
    # Rounded down: "at least" must not promise more than was measured.
    precision = math.floor(round(100 * calibration["precision"], 6))
    relied = "the emotion named is the most probable, and is not to be relied on."
    if calibration["coverage"]:
        yield (
            f"An answer with the status `ok` was right in at least {precision} % of cases of {left_out} left out; "
            f"{100 * calibration['coverage']:.0f} % of answers are `ok`. The others, whose confidence is below "
            f"{calibration['threshold']:.3g}, are `uncertain`: {relied}"
        )
    else:
        yield (
            f"Every answer has the status `uncertain`: {relied} The answers about {left_out} left out were too "
            "few, or too few of the surest were right, to promise more."
        )
    facts = {
        "method": calibration["method"],
        "temperature": f"{1 / calibration['inverse_temperature'][0]:.3g}",
        "expected calibration error": f"{_percent(calibration['expected_calibration_error'])} %",
    }
    yield _facts(facts)


def _robustness(manifest: Manifest) -> Iterator[str]:
    robustness = manifest.get("robustness")
    if not robustness:
        yield NOT_MEASURED
        return
    yield (
        "The same recordings, spoilt. The loss is in points of UAR against the clean ones; a label is kept where the "
        "answer is the one that was given for the clean recording; the confidence, on average, should fall as the "
        f"answers that are right become fewer. Made by `{_text(robustness['command'])}`."
    )
    header = ("condition", "level", "UAR %", "loss", "labels kept %", "right %", "confidence %")
    rows = [
        (
            *(r["condition"], r["level"], _percent(r["uar"]), f"{100 * r['drop']:.1f}", _percent(r["labels_kept"])),
            *(_percent(r.get("accuracy")), _percent(r.get("confidence"))),
        )
        for r in robustness["rows"]
    ]
    yield _table(header, rows)


def _adaptation(manifest: Manifest) -> Iterator[str]:
    within = manifest.get("adaptation") or []
    across = manifest.get("other_corpora") or []
    rows = [(_measured_on(row), _adapted_to(row), _uar(row), f"`{row['command']}`") for row in within]
    # Without adapted answers there is nothing to compare.
    if any(measured["adapted_to"] for measured in across):
        rows += [("other corpora, mean", _adapted_to(m), _uar(m["mean"]), f"`{m['command']}`") for m in across]
    if not rows:
        yield NOT_MEASURED
        return
    yield (
        "How good it is where it adapts to other recordings before each answer, without being told what they express: "
        "to some of the same speaker, or of anybody in the same corpus."
    )
    yield _table(("measured on", "adapted to", "UAR %", "made by"), rows)


def _adapted_to(measured: Mapping[str, Any]) -> str:
    adapted_to = measured["adapted_to"] or {}
    told = " and ".join(f"{count} recordings of the {whose}" for whose, count in adapted_to.items())
    return told or "nothing"


def _other_corpora(manifest: Manifest) -> Iterator[str]:
    measured = _unadapted(manifest)
    if measured is None:
        yield NOT_MEASURED
        return
    yield (
        "How good it is on recordings made by others, with other speakers, sentences and microphones: each corpus in "
        "turn is left out, and answered by the recipe trained on all the others. This comes closest to what to expect "
        "of recordings of one's own. "
        "UAR is the mean over the emotions of the part of their recordings that was recognized, choosing among the "
        "emotions that the corpus shares with the others; UAR of four is that of neutral, happy, sad and angry, as far "
        "as they are shared. Of the answers with the status `ok`, so many were right, and so many of all answers have "
        "it. The AUC is how often arousal or valence puts two recordings in the right order; 50 % is chance. Intervals "
        "are 95 %, by bootstrap over speakers, of the mean over corpora too."
    )
    header = (
        *("left out", "UAR %", "UAR of four %", "`ok`: right %", "`ok`: of all %", "AUC arousal %", "AUC valence %"),
        *("calibration error %", "recordings"),
    )
    parts = measured["left_out"]
    clips = sum(part["clips"] for part in parts)
    yield _table(
        header,
        [
            (
                name,
                _uar(figures),
                _uar(figures, "uar_four"),
                *(_percent(figures.get(figure)) for figure in ("ok_precision", "ok_coverage")),
                *(_percent(figures.get(figure)) for figure in ("auc_arousal", "auc_valence")),
                _percent(figures.get("expected_calibration_error")),
                count,
            )
            for name, figures, count in (
                *((part["corpus"], part, part["clips"]) for part in parts),
                ("mean", measured["mean"], clips),
            )
        ],
    )
    yield f"Made by `{_text(measured['command'])}`, where a name in capitals is the folder of that corpus."


def _unadapted(manifest: Manifest) -> Mapping[str, Any] | None:
    """Return the figures of corpora left out, of answers that are not adapted."""
    return next((m for m in manifest.get("other_corpora") or () if m["adapted_to"] is None), None)


def _learned_several(manifest: Manifest) -> bool:
    """Whether the bundle learned from several corpora."""
    corpora = manifest.get("corpora")
    return isinstance(corpora, list) and len(corpora) > 1


def _intended_uses(manifest: Manifest) -> Iterator[str]:
    uses = [
        "Research and teaching on speech and its expression.",
        "Play, art, and looking through recordings whose speakers know of it and agree.",
        "A first guess that a person checks, where a wrong one harms nobody.",
    ]
    if _forbids_commerce(manifest):
        uses.append("All of it without commercial purpose, as the licence says.")
    yield _list(uses)


def _forbidden_uses(manifest: Manifest) -> Iterator[str]:  # noqa: ARG001 (the same for every model)
    yield _list(
        (
            "Inferring emotions of people at work or in education. In the European Union this is prohibited, but for "
            "medical or safety reasons: AI Act (Regulation (EU) 2024/1689), Art. 5(1)(f).",
            "Detecting lies, hiring or rating people, diagnosing illness, and whatever else decides about somebody: "
            "nothing of that was measured, and how somebody sounds does not tell it.",
            "Recognizing the emotions of people who do not know of it.",
        )
    )
    yield (
        "Where recognizing emotions is allowed in the European Union, it is high-risk (Annex III, point 1(c)), and the "
        "people exposed to it must be informed (Art. 50(3))."
    )


def _limits(manifest: Manifest) -> Iterator[str]:
    limits = ["An output is an estimate of what a voice expresses, not of what a person feels."]
    if corpora := manifest.get("corpora"):
        speakers = sum(corpus["speakers"] for corpus in corpora)
        kinds = "; ".join(_text(corpus.get("speech") or f"{corpus['name']}, of unknown kind") for corpus in corpora)
        limits.append(
            f"It learned from {speakers} speakers ({kinds}). Expect less on other voices, ages, accents and languages."
        )
        if any("acted" in (corpus.get("speech") or "") for corpus in corpora):
            limits.append("Actors express more, and more clearly, than people do. Expect less on everyday speech.")
    if _learned_several(manifest) and (measured := _unadapted(manifest)):
        wrong = f"about {100 * (1 - measured['mean']['accuracy']):.0f} were wrong"
        limits.append(f"Of 100 answers about recordings of a corpus that it did not learn from, {wrong}.")
    elif results := manifest.get("results"):
        wrong = f"about {100 * (1 - results[0]['accuracy']):.0f} were wrong ({_measured_on(results[0])})"
        limits.append(f"Of 100 answers about speakers that it did not learn from, {wrong}.")
    limits.append(f"It knows {len(manifest['labels'])} emotions; whatever else is expressed is taken for one of them.")
    limits += [_text(note) for topic, note in (manifest.get("notes") or {}).items() if topic != "gender"]
    yield _list(limits)


def _how_to_verify(manifest: Manifest) -> Iterator[str]:
    yield (
        "Checksums of the model, byte by byte, and of all that the manifest says are compared whenever the bundle is "
        "loaded. `affetto models "
        "BUNDLE` loads it, and prints this card; with `--format json` it prints the manifest. BUNDLE is a name that "
        "`affetto models` lists, or a folder. "
        f"`sha256sum {_text(manifest['model']['file'])}` gives the number above. The commands under *made by* make the "
        "figures again."
    )


def _sections(manifest: Manifest) -> Iterator[tuple[str, Callable[[Manifest], Iterator[str]]]]:
    """Yield titles and sections in order: of what learned from several corpora, those left out come first."""
    other_corpora = ("Other corpora", _other_corpora)
    yield "What it is", _what_it_is
    yield "Data", _data
    yield "Licence", _licence
    if _learned_several(manifest):
        yield other_corpora
    yield "How it was measured", _how_it_was_measured
    yield "Figures", _figures
    yield "Confidence", _confidence
    yield "Robustness", _robustness
    yield "Adaptation", _adaptation
    if not _learned_several(manifest):
        yield other_corpora
    yield "Intended uses", _intended_uses
    yield "Forbidden uses", _forbidden_uses
    yield "Limits", _limits
    yield "How to verify", _how_to_verify


def _side_by_side(results: Sequence[Mapping[str, Any]], field: str, *, header: str, write: Callable[[Any], str]) -> str:
    """Lay a field of results out that tells parts of the recordings: a row for each part, a column for each result."""
    known = [result for result in results if result.get(field)]
    if not known:
        return NOT_MEASURED
    rows = [
        (_PEOPLE.get(part, part), *(write(result[field][part]) if part in result[field] else "" for result in known))
        for part in dict.fromkeys(part for result in known for part in result[field])
    ]
    return _table(("", *(f"{header}, {_measured_on(result)}" for result in known)), rows)


def _measured_on(result: Mapping[str, Any]) -> str:
    return f"{_text(result['corpus'])}, `{_text(result['protocol'])}`"


def _uar(scores: Mapping[str, Any], figure: str = "uar") -> str:
    return _percent(scores[figure], scores[f"{figure}_interval"])


def _forbids_commerce(manifest: Manifest) -> bool:
    return "-NC" in manifest["licence"]


def _percent(value: float | None, interval: Sequence[float] | None = None) -> str:
    """Write a fraction in percent, with its interval where there is one."""
    if value is None:
        return "not measured"
    text = f"{100 * value:.1f}"
    return text if interval is None else f"{text} ({100 * interval[0]:.1f}–{100 * interval[1]:.1f})"


def _list(sentences: Iterable[str]) -> str:
    return "\n".join(f"- {sentence}" for sentence in sentences)


def _facts(facts: Mapping[str, object]) -> str:
    return _list(f"{_text(name)}: {_text(value)}" for name, value in facts.items())


def _table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    cells = ([_text(cell).replace("|", "\\|") for cell in line] for line in lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)


def _text(value: object) -> str:
    """Write a value of the manifest on one line, without what would steer a terminal."""
    return " ".join("".join(c if c.isprintable() else " " for c in str(value)).split())
