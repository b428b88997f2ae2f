"""What manifests and checkpoints tell of how an encoder was distilled, and of whom it has heard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Record = Mapping[str, Any]


def distillations(manifest: Mapping[str, Any]) -> list[Record]:
    """Return what the manifest of a bundle tells of each of its encoders that was distilled."""
    return list((manifest.get("encoders") or {}).get("distilled") or [])


def rounds(record: Record) -> list[Record]:
    """Return the rounds of a distillation, the first one first: each went on from where the one before it ended."""
    before = record.get("begun_at")
    return [*(rounds(before) if before else []), record]


def has_heard(records: Iterable[Record], *, corpus: str, clips_sha256: str) -> bool:
    """Return whether a corpus was heard in any distillation: one of its name, or of the same clips."""
    heard = corpora_heard(records)
    return any(part["name"] == corpus or part.get("clips_sha256") == clips_sha256 for part in heard)


def corpora_heard(records: Iterable[Record]) -> list[Mapping[str, Any]]:
    """Return the corpora that were heard in any round of any distillation, each name once."""
    corpora: dict[str, Mapping[str, Any]] = {}
    for record in records:
        for one in rounds(record):
            corpora |= {part["name"]: part for part in one.get("corpora") or ()}
    return list(corpora.values())
