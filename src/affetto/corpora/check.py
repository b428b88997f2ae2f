"""Whether a corpus is all there, and whole."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from affetto.corpora.known import NAMED_CORPORA
from affetto.corpora.labels import synonyms
from affetto.corpora.loading import load_corpus, recognize
from affetto.corpora.measuring import Measured, TruncatedError, measure
from affetto.corpora.naming import Scan
from affetto.corpora.quirks import DUPLICATES, ravdess_findings
from affetto.corpora.ravdess import RAVDESS, expected_clips, load_ravdess
from affetto.corpora.report import CorpusReport, Finding, Severity, summarize
from affetto.corpora.vetting import differing_labels
from affetto.errors import AudioError
from affetto.speech.waveform import MIN_DURATION_S, SILENCE_DBFS

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from affetto.corpora.base import Corpus, Utterance

_KAGGLE_FOLDER = "audio_speech_actors_01-24"


def check_corpus(
    path: str | os.PathLike[str],
    *,
    name: str | None = None,
    track: Callable[[Sequence[Path]], Iterable[Path]] = iter,
) -> CorpusReport:
    """Decode every clip of a corpus and report what is there and what is wrong. Nothing is written.

    Parameters
    ----------
    path : path
        A folder or a CSV table, as for `load_corpus`.
    name : str, optional
        Which corpus it is, instead of having it recognized.
    track : callable
        Passes on the files one by one while they are decoded: a place for a progress bar.

    Returns
    -------
    CorpusReport
        For RAVDESS also what is missing and which quirks of the published set are there; what belongs to the other
        corpora is not known here, so that only damage makes them incomplete.

    Raises
    ------
    CorpusError
        If there is no such folder, or no corpus in it.
    ParameterError
        If there is no corpus of that name.
    """
    path = Path(path)
    name = recognize(path) if name is None else name
    if name == RAVDESS.name:
        return check_ravdess(path, track=track)
    corpus = load_corpus(path, name=name)
    scan = NAMED_CORPORA[name].scan(path) if name in NAMED_CORPORA else Scan(tuple(corpus.utterances), {}, ())
    root = path if path.is_dir() else path.parent
    measured, findings = _check_files(scan, root, track)
    findings += _lonely(corpus)
    findings += (Finding("warning", "label", corpus.name, detail) for detail in synonyms([corpus]))
    return summarize(corpus, path, measured=measured, findings=findings)


def check_ravdess(
    folder: str | os.PathLike[str], *, track: Callable[[Sequence[Path]], Iterable[Path]] = iter
) -> CorpusReport:
    """Check the audio-only speech of RAVDESS against what was published. Nothing is written.

    Every file below the folder is decoded and compared by its samples. Faults are clips that are missing, unreadable,
    truncated, silent, too short, or there twice with different sound. What the published set itself has, five stereo
    clips, a take that occurs twice, a padding chunk in the wav headers, Kaggle's second copy, is noted as known.

    Parameters
    ----------
    folder : path
        As for `load_ravdess`.
    track : callable
        Passes on the files one by one while they are decoded: a place for a progress bar.

    Returns
    -------
    CorpusReport
        ``complete`` if all 1440 clips are there and whole.

    Raises
    ------
    CorpusError
        If there is no such folder, or no clip anywhere below it.
    """
    folder = Path(folder)
    corpus = load_ravdess(folder)
    scan = RAVDESS.scan(folder)
    measured, findings = _check_files(scan, folder, track, known_duplicates=DUPLICATES)
    findings += _lonely(corpus)
    findings += ravdess_findings(scan.utterances, measured)
    return summarize(corpus, folder, measured=measured, findings=findings, expected=len(expected_clips()))


def _check_files(
    scan: Scan,
    root: Path,
    track: Callable[[Sequence[Path]], Iterable[Path]],
    *,
    known_duplicates: frozenset[frozenset[str]] = frozenset(),
) -> tuple[dict[Path, Measured], list[Finding]]:
    """Decode all files; return what they are, and what is wrong whatever the corpus."""
    clips = [utterance.path for utterance in scan.utterances]
    copies = dict.fromkeys(path for paths in scan.copies.values() for path in paths)
    measured: dict[Path, Measured] = {}
    findings: list[Finding] = []
    for path in track([*clips, *copies]):
        # A broken copy harms nobody while the clip itself is whole
        severity: Severity = "warning" if path in copies else "fault"
        try:
            measured[path] = measure(path)
        except TruncatedError as error:
            findings.append(Finding(severity, "truncated", _below(path, root), str(error)))
        except AudioError as error:
            findings.append(Finding(severity, "unreadable", _below(path, root), str(error)))
    findings += _empty(scan.utterances, measured)
    findings += (Finding("warning", kind, _below(path, root), reason) for path, kind, reason in scan.rejected)
    findings += _copies(scan, measured, root)
    findings += _duplicates(scan, measured, known_duplicates)
    return measured, findings


def _empty(utterances: Sequence[Utterance], measured: Mapping[Path, Measured]) -> Iterator[Finding]:
    """Find clips in which nothing can be recognized, whatever the corpus."""
    for utterance in utterances:
        if not (sound := measured.get(utterance.path)):
            continue
        if sound.is_silent:
            detail = f"nothing in it is above {SILENCE_DBFS:g} dBFS" if sound.peak else "all its samples are zero"
            yield Finding("fault", "silent", utterance.clip, detail)
        if sound.duration_s < MIN_DURATION_S:
            detail = f"lasts {sound.duration_s:.3f} s; at least {MIN_DURATION_S:g} s are needed"
            yield Finding("fault", "short", utterance.clip, detail)


def _lonely(corpus: Corpus) -> Iterator[Finding]:
    """Find what comes from one speaker only, so that nothing can be tested on a voice that was not learned from."""
    speakers: dict[str, set[str]] = defaultdict(set)
    for utterance in corpus.utterances:
        speakers[utterance.emotion].add(utterance.speaker)
    if len(set().union(*speakers.values())) == 1:
        detail = (
            "one speaker only: training needs two; affetto evaluate --protocol random tells how well this voice is "
            "recognized when it was learned from, which flatters every figure"
        )
        yield Finding("warning", "speaker", corpus.name, detail)
        return
    for emotion, who in speakers.items():
        if len(who) == 1:
            yield Finding("warning", "speaker", emotion, f"from one speaker only, {min(who)}; training needs two")


def _copies(scan: Scan, measured: Mapping[Path, Measured], root: Path) -> Iterator[Finding]:
    """Compare the files of clips that lie there more than once."""
    same: Counter[str] = Counter()
    for utterance in scan.utterances:
        for copy in scan.copies.get(utterance.clip, ()):
            if utterance.path not in measured or copy not in measured:
                continue  # reported already
            if measured[copy].digest == measured[utterance.path].digest:
                same[_place(copy, root)] += 1
            else:
                detail = f"sounds different from {_below(utterance.path, root)}, which has the same name and is used"
                yield Finding("fault", "conflict", _below(copy, root), detail)
    for place, count in same.items():
        known = place.endswith(_KAGGLE_FOLDER)
        detail = f"{count} clip{'s' * (count != 1)} again, with the same samples; counted once"
        yield Finding("note", "copy", place, f"{detail}, as in Kaggle's archive" if known else detail, known=known)


def _duplicates(scan: Scan, measured: Mapping[Path, Measured], known: frozenset[frozenset[str]]) -> Iterator[Finding]:
    """Find clips of different names that hold the same samples."""
    by_digest: dict[str, list[Utterance]] = defaultdict(list)
    for utterance in scan.utterances:
        if (sound := measured.get(utterance.path)) and not sound.is_silent:
            by_digest[sound.digest].append(utterance)
    for first, *others in by_digest.values():
        for other in others:
            detail = f"same samples as {first.clip}{differing_labels(first, other)}"
            if {first.clip, other.clip} in known:
                yield Finding("note", "duplicate", other.clip, f"{detail}, as published", known=True)
            else:
                yield Finding("warning", "duplicate", other.clip, detail)


def _place(path: Path, root: Path) -> str:
    """Return the folder that a copy belongs to: Kaggle's, or the topmost below the root."""
    parts = path.relative_to(root).parts[:-1]
    depth = parts.index(_KAGGLE_FOLDER) + 1 if _KAGGLE_FOLDER in parts else 1
    return "/".join(parts[:depth]) or "."


def _below(path: Path, root: Path) -> str:
    return (path.relative_to(root) if path.is_relative_to(root) else path).as_posix()
