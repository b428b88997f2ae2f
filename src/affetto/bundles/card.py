"""Model cards: what a bundle is, how good it was measured to be, and what it must not be used for.

The text is the template ``card.md``; its values come from the bundle's manifest alone.

References
----------
M. Mitchell et al.: Model cards for model reporting. FAT*, 2019.
"""

from __future__ import annotations

import math
import re
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

from affetto.adaptation.prior import BALANCED, describe_prior
from affetto.errors import BundleError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    Manifest = Mapping[str, Any]
    Values = Mapping[str, object]

NOT_MEASURED = "Not measured."

NOTABLE_GAP = 0.04
"""A difference in UAR between women and men above this fraction is mentioned."""

_PEOPLE = {"female": "women", "male": "men"}


def model_card(manifest: Manifest) -> str:
    """Return a bundle's model card.

    Parameters
    ----------
    manifest : mapping
        From `load_bundle`. Only its required fields must be present.

    Returns
    -------
    str
        Markdown.

    Raises
    ------
    BundleError
        If a part of the manifest does not follow ``docs/reference/bundles.md``.

    Examples
    --------
    >>> from affetto.bundles.bundle import find_bundle, load_bundle
    >>> model_card(load_bundle(find_bundle("svm")).manifest).splitlines()[0]
    '# svm 0.1.0'
    """
    template = Path(__file__).with_name("card.md").read_text(encoding="utf-8")
    head, *sections = re.split(r"^## ", template, flags=re.MULTILINE)
    blocks = [Template(head).substitute(name=_text(manifest["name"]), version=_text(manifest["version"]))]
    for section in sections:
        title, _, body = section.partition("\n")
        try:
            values = _SECTIONS[title](manifest)
            text = values if isinstance(values, str) else Template(body).substitute(values)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError, ZeroDivisionError) as error:
            raise BundleError(
                f"the card of {manifest['name']!r} cannot be written: the section {title!r} needs a part of the "
                f"manifest that is not as docs/reference/bundles.md says ({type(error).__name__}: {error}); "
                "train the bundle again"
            ) from error
        blocks.append(f"## {title}\n\n{text}")
    # Optional paragraphs leave empty lines.
    return re.sub(r"\n{3,}", "\n\n", "\n\n".join(blocks)).strip() + "\n"


def _what_it_is(manifest: Manifest) -> Values:
    taken = manifest["input"]
    unit = "samples" if taken["kind"] == "waveform" else f"{taken['size']} features"
    facts = {
        "classifier": manifest["classifier"],
        "input": f"{unit} of one segment, mono, {taken['sample_rate_hz']} Hz",
    }
    if steps := manifest["preprocessing"]:
        facts["pre-processing"] = ", ".join(step["step"] for step in steps)
    facts["output"] = f"probabilities of {', '.join(manifest['labels'])}"
    facts["prior"] = f"{describe_prior(manifest.get('prior', BALANCED))}, unless another is chosen"
    for label, frequency in zip(manifest["labels"], manifest.get("frequencies", ()), strict=False):
        if frequency != 1:
            facts["prior"] += f"; {label} {frequency:.2g} times as frequent as others"
    if encoders := manifest.get("encoders"):
        facts["pretrained encoder"] = f"{', '.join(encoders['names'])}, {encoders['layers']} layers"
    if quantization := manifest.get("quantization"):
        facts["weights"] = quantization["weights"]
    if training := manifest.get("training"):
        commit = training["commit"] or "unknown"
        facts["trained"] = f"{training['date']} by Affetto {training['affetto']}, commit {commit}"
    model = manifest["model"]
    facts["size"] = f"{model['bytes'] / 1e6:.1f} MB ({model['bytes']} bytes)"
    facts[f"sha256 of `{model['file']}`"] = f"`{model['sha256']}`"
    return {"facts": _facts(facts)}


def _data(manifest: Manifest) -> Values | str:
    corpora = manifest.get("corpora")
    if not corpora:
        return "The manifest does not say what it was trained on."
    rows = [(c["name"], c.get("speech") or "unknown", c["utterances"], c["speakers"], c["licence"]) for c in corpora]
    return {
        "table": _table(("corpus", "speech", "recordings", "speakers", "licence"), rows),
        "citations": _list(f"{_text(c['name'])}: {_text(c['citation'])}" for c in corpora if c["citation"]),
    }


def _licence(manifest: Manifest) -> Values:
    encoders = manifest.get("encoders")
    return {
        "licence": _text(manifest["licence"]),
        "use": ", not for commercial use" if _forbids_commerce(manifest) else "",
        "encoder": f" The pretrained encoder: {_text(encoders['licence'])}." if encoders else "",
    }


def _other_corpora(manifest: Manifest) -> Values | str:
    measured = _unadapted(manifest)
    if measured is None:
        return NOT_MEASURED
    percents = ("ok_precision", "ok_coverage", "auc_arousal", "auc_valence", "expected_calibration_error")
    parts = measured["left_out"]
    total = {"corpus": "mean", "clips": sum(part["clips"] for part in parts), **measured["mean"]}
    rows = [
        (r["corpus"], _uar(r), _uar(r, "uar_four"), *(_percent(r.get(name)) for name in percents), r["clips"])
        for r in (*parts, total)
    ]
    header = ("left out", "UAR %", "UAR of four %", "`ok`: right %", "`ok`: of all %", "AUC arousal %", "AUC valence %")
    return {
        "table": _table((*header, "calibration error %", "recordings"), rows),
        "command": _text(measured["command"]),
    }


def _how_it_was_measured(manifest: Manifest) -> Values | str:
    results = manifest.get("results")
    if not results:
        return NOT_MEASURED
    rows = [(f"`{r['protocol']}`", r.get("description", "unknown"), f"`{r['command']}`") for r in results]
    alone = " For these figures it is trained on that corpus alone." if _is_pooled(manifest) else ""
    return {"alone": alone, "table": _table(("protocol", "what is tested", "made by"), rows)}


def _figures(manifest: Manifest) -> Values | str:
    results = manifest.get("results")
    if not results:
        return NOT_MEASURED
    percents = ("accuracy", "macro_f1", "expected_calibration_error")
    rows = [(_measured_on(r), _uar(r), *(_percent(r.get(name)) for name in percents), r["clips"]) for r in results]
    header = ("", "UAR %", "accuracy %", "macro-F1 %", "expected calibration error %", "recordings")
    return {
        "table": _table(header, rows),
        "emotions": _side_by_side(results, "recall", header="recall %", write=_percent),
        "genders": _side_by_side(results, "by_gender", header="UAR %", write=_uar),
        "gap": _gender_gap(manifest, results),
        "intensities": _side_by_side(results, "by_intensity", header="UAR %", write=_uar),
    }


def _gender_gap(manifest: Manifest, results: Sequence[Mapping[str, Any]]) -> str:
    """Return by how much women and men differ if that is notable, and why if it is known."""
    gaps: dict[tuple[str, str], list[str]] = {}
    for result in results:
        uar = {gender: scores["uar"] for gender, scores in (result.get("by_gender") or {}).items()}
        if {"female", "male"} <= set(uar) and abs(uar["female"] - uar["male"]) > NOTABLE_GAP:
            better, worse = sorted(("female", "male"), key=lambda gender: -uar[gender])
            gap = f"{100 * (uar[better] - uar[worse]):.1f} points ({_measured_on(result)})"
            gaps.setdefault((_PEOPLE[better], _PEOPLE[worse]), []).append(gap)
    if not gaps:
        return ""
    all_gaps = ", and ".join(f"{better} better than {worse} by {', '.join(by)}" for (better, worse), by in gaps.items())
    reason = (manifest.get("notes") or {}).get("gender")
    return f"It recognizes {all_gaps}. The reason: {_text(reason) if reason else 'unknown.'}"


def _confidence(manifest: Manifest) -> Values | str:
    calibration = manifest.get("calibration")
    if not calibration:
        return f"The meaning of the status `uncertain`: {NOT_MEASURED.lower()}"
    left_out = "corpora" if "corpora left out" in calibration["method"] else "speakers"
    # Rounded down: "at least" must not promise more than was measured.
    precision = math.floor(round(100 * calibration["precision"], 6))
    unreliable = "the emotion is the most probable one, but not reliable."
    if calibration["coverage"]:
        meaning = (
            f"An answer with the status `ok` was right in at least {precision} % of cases of {left_out} left out; "
            f"{100 * calibration['coverage']:.0f} % of answers are `ok`. The others, whose confidence is below "
            f"{calibration['threshold']:.3g}, are `uncertain`: {unreliable}"
        )
    else:
        meaning = (
            f"Every answer has the status `uncertain`: {unreliable} There were too few answers about {left_out} left "
            "out, or too few of the most confident were right, to promise more."
        )
    facts = {
        "method": calibration["method"],
        "temperature": f"{1 / calibration['inverse_temperature'][0]:.3g}",
        "expected calibration error": f"{_percent(calibration['expected_calibration_error'])} %",
    }
    return {"meaning": meaning, "facts": _facts(facts)}


def _robustness(manifest: Manifest) -> Values | str:
    robustness = manifest.get("robustness")
    if not robustness:
        return NOT_MEASURED
    header = ("condition", "level", "UAR %", "loss", "labels kept %", "right %", "confidence %")
    rows = [
        (
            *(r["condition"], r["level"], _percent(r["uar"]), f"{100 * r['drop']:.1f}", _percent(r["labels_kept"])),
            *(_percent(r.get("accuracy")), _percent(r.get("confidence"))),
        )
        for r in robustness["rows"]
    ]
    return {"command": _text(robustness["command"]), "table": _table(header, rows)}


def _adaptation(manifest: Manifest) -> Values | str:
    within = manifest.get("adaptation") or []
    across = manifest.get("other_corpora") or []
    rows = [(_measured_on(row), _adapted_to(row), _uar(row), f"`{row['command']}`") for row in within]
    # Without adapted answers there is nothing to compare.
    if any(measured["adapted_to"] for measured in across):
        rows += [("other corpora, mean", _adapted_to(m), _uar(m["mean"]), f"`{m['command']}`") for m in across]
    return {"table": _table(("measured on", "adapted to", "UAR %", "made by"), rows)} if rows else NOT_MEASURED


def _adapted_to(measured: Mapping[str, Any]) -> str:
    adapted_to = measured["adapted_to"] or {}
    return " and ".join(f"{count} recordings of the {owner}" for owner, count in adapted_to.items()) or "nothing"


def _intended_uses(manifest: Manifest) -> Values:
    without = "\n- All of it without commercial purpose, as the licence says."
    return {"commerce": without if _forbids_commerce(manifest) else ""}


def _limits(manifest: Manifest) -> Values:
    limits = []
    if corpora := manifest.get("corpora"):
        speakers = sum(corpus["speakers"] for corpus in corpora)
        kinds = "; ".join(_text(corpus.get("speech") or f"{corpus['name']}, of unknown kind") for corpus in corpora)
        limits.append(
            f"It was trained on {speakers} speakers ({kinds}). Expect less on other voices, ages, accents, languages."
        )
        if any("acted" in (corpus.get("speech") or "") for corpus in corpora):
            limits.append("Actors express more, and more clearly, than people do. Expect less on everyday speech.")
    if _is_pooled(manifest) and (measured := _unadapted(manifest)):
        wrong = f"about {100 * (1 - measured['mean']['accuracy']):.0f} were wrong"
        limits.append(f"Of 100 answers about recordings of a corpus that it was not trained on, {wrong}.")
    elif results := manifest.get("results"):
        wrong = f"about {100 * (1 - results[0]['accuracy']):.0f} were wrong ({_measured_on(results[0])})"
        limits.append(f"Of 100 answers about speakers that it was not trained on, {wrong}.")
    limits.append(f"It knows {len(manifest['labels'])} emotions, and takes every other for one of them.")
    limits += [_text(note) for topic, note in (manifest.get("notes") or {}).items() if topic != "gender"]
    return {"limits": f"\n{_list(limits)}"}


def _how_to_verify(manifest: Manifest) -> Values:
    return {"file": _text(manifest["model"]["file"])}


_SECTIONS: Mapping[str, Callable[[Manifest], Values | str]] = {
    "What it is": _what_it_is,
    "Data": _data,
    "Licence": _licence,
    "Other corpora": _other_corpora,
    "How it was measured": _how_it_was_measured,
    "Figures": _figures,
    "Confidence": _confidence,
    "Robustness": _robustness,
    "Adaptation": _adaptation,
    "Intended uses": _intended_uses,
    "Forbidden uses": lambda _: {},
    "Limits": _limits,
    "How to verify": _how_to_verify,
}
"""The values of each section of the template, or the text that replaces it."""


def _unadapted(manifest: Manifest) -> Mapping[str, Any] | None:
    """Return the figures on left-out corpora without adaptation."""
    return next((m for m in manifest.get("other_corpora") or () if m["adapted_to"] is None), None)


def _is_pooled(manifest: Manifest) -> bool:
    """Return whether the bundle was trained on several corpora."""
    corpora = manifest.get("corpora")
    return isinstance(corpora, list) and len(corpora) > 1


def _forbids_commerce(manifest: Manifest) -> bool:
    return "-NC" in manifest["licence"]


def _side_by_side(results: Sequence[Mapping[str, Any]], field: str, *, header: str, write: Callable[[Any], str]) -> str:
    """Return a table of a field that holds a figure for each part: a row for each part, a column for each result."""
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


def _percent(value: float | None, interval: Sequence[float] | None = None) -> str:
    """Return a fraction in percent, with its interval if it has one."""
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
    """Return a value of the manifest on one line, without control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in str(value)).split())
