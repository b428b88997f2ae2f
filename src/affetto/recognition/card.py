"""Model cards: what a bundle is, how good it was measured to be, and what it must not be used for.

After Mitchell et al. 2019, "Model cards for model reporting", FAT*. A card says what the bundle's manifest says and no
more: what the manifest does not hold was not measured.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from affetto.errors import BundleError
from affetto.recognition.prior import BALANCED, describe_prior

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
        If a part of the manifest is not what ``docs/bundles.md`` says.
    """
    blocks = [f"# {_text(manifest['name'])} {_text(manifest['version'])}", _PURPOSE]
    for title, section in _SECTIONS.items():
        try:
            content = list(section(manifest))
        except (AttributeError, IndexError, KeyError, TypeError, ValueError, ZeroDivisionError) as error:
            raise BundleError(
                f"the card of {manifest['name']!r} cannot be written, since its manifest says something else than "
                f"docs/bundles.md about {title!r} ({type(error).__name__}: {error}); train the bundle again"
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
    yield (
        "The figures are those of the recipe, not of these very weights, which learnt from all speakers: for every "
        "fold it was trained anew, and tested on speakers that nothing in it was fitted, searched or calibrated on. "
        "UAR is the unweighted average recall: the mean over the emotions of the part of their recordings that was "
        "recognized. Intervals are 95 %, by bootstrap over speakers. In commands `DIR` is the folder of the corpus; a "
        "name in capitals is the folder of that corpus."
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
    # Rounded down: "at least" must not promise more than was measured.
    precision = math.floor(round(100 * calibration["precision"], 6))
    relied = "the emotion named is the most probable, and is not to be relied on."
    if calibration["coverage"]:
        yield (
            f"An answer with the status `ok` was right in at least {precision} % of the cases left out; "
            f"{100 * calibration['coverage']:.0f} % of answers are `ok`. The others, whose confidence is below "
            f"{calibration['threshold']:.3g}, are `uncertain`: {relied}"
        )
    else:
        yield (
            f"Every answer has the status `uncertain`: {relied} The answers about what was left out were too "
            "few, or too few of the surest were right, to promise more."
        )
    facts = {
        "method": calibration["method"],
        "temperature": f"{1 / calibration['sharpness'][0]:.3g}",
        "expected calibration error": f"{_percent(calibration['expected_calibration_error'])} %",
    }
    yield _facts(facts)


def _stress(manifest: Manifest) -> Iterator[str]:
    stress = manifest.get("stress")
    if not stress:
        yield NOT_MEASURED
        return
    yield (
        "The same recordings, spoilt. The loss is in points of UAR against the clean ones; a label is kept where the "
        "answer is the one that was given for the clean recording; the confidence, on average, should fall as the "
        f"answers that are right become fewer. Made by `{_text(stress['command'])}`."
    )
    header = ("condition", "level", "UAR %", "loss", "labels kept %", "right %", "confidence %")
    rows = [
        (
            *(r["condition"], r["level"], _percent(r["uar"]), f"{100 * r['drop']:.1f}", _percent(r["labels_kept"])),
            *(_percent(r.get("accuracy")), _percent(r.get("confidence"))),
        )
        for r in stress["rows"]
    ]
    yield _table(header, rows)


def _adaptation(manifest: Manifest) -> Iterator[str]:
    adaptation = manifest.get("adaptation")
    if not adaptation:
        yield NOT_MEASURED
        return
    yield (
        "How good it is where it first adapts to recordings of the speaker whom it hears then. Made by "
        f"`{_text(adaptation['command'])}`."
    )
    yield _table(
        ("recordings of the speaker", "UAR %"), [(r["recordings"], _percent(r["uar"])) for r in adaptation["rows"]]
    )


def _other_corpora(manifest: Manifest) -> Iterator[str]:
    others = manifest.get("other_corpora")
    if not others:
        yield NOT_MEASURED
        return
    yield (
        "The bundle itself on corpora of which it never heard anything, choosing the most probable of the emotions "
        "that are named; in use it chooses among all of its own."
    )
    rows = [
        (
            other["corpus"],
            ", ".join(other["emotions"]),
            _percent(other["uar"]),
            *(_percent(other.get(figure)) for figure in ("accuracy", "confidence", "adapted_uar")),
            f"`{other['command']}`",
        )
        for other in others
    ]
    figures = ("UAR %", "right %", "confidence %", "UAR %, adapted to each speaker")
    header = ("corpus", "choosing among", *figures, "made by")
    yield _table(header, rows)


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
            f"It learnt from {speakers} speakers ({kinds}). Expect less on other voices, ages, accents and languages."
        )
        if any("acted" in (corpus.get("speech") or "") for corpus in corpora):
            limits.append("Actors express more, and more clearly, than people do. Expect less on everyday speech.")
    if results := manifest.get("results"):
        wrong = f"about {100 * (1 - results[0]['accuracy']):.0f} were wrong ({_measured_on(results[0])})"
        limits.append(f"Of 100 answers about speakers whom it never heard, {wrong}.")
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


_SECTIONS: Mapping[str, Callable[[Manifest], Iterator[str]]] = {
    "What it is": _what_it_is,
    "Data": _data,
    "Licence": _licence,
    "How it was measured": _how_it_was_measured,
    "Figures": _figures,
    "Confidence": _confidence,
    "Under stress": _stress,
    "Adaptation to a speaker": _adaptation,
    "Other corpora": _other_corpora,
    "Intended uses": _intended_uses,
    "Forbidden uses": _forbidden_uses,
    "Limits": _limits,
    "How to verify": _how_to_verify,
}


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


def _uar(scores: Mapping[str, Any]) -> str:
    return _percent(scores["uar"], scores["uar_interval"])


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
