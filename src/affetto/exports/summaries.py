"""Tables of results and of models, for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from affetto.adaptation.prior import describe_prior
from affetto.errors import BundleError
from affetto.exports.text import (
    acoustics_line,
    caption,
    emotion_name,
    has_turns,
    one_line,
    second_best,
    signed,
    time_span,
    title,
)
from affetto.recognition.result import Failure, Recognition

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rich.console import RenderableType

    from affetto.bundles.bundle import Bundle


def result_table(outcomes: Sequence[Recognition | Failure]) -> Table:
    """Return a table with a row for each recording."""
    columns = ("recording", "length", "emotion", "confidence", "next", "arousal", "valence")
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    if any(isinstance(outcome, Recognition) and outcome.adapted_to for outcome in outcomes):
        table.add_column("adapted to")
    for outcome in outcomes:
        table.add_row(*_cells(outcome))
    return table


def _cells(outcome: Recognition | Failure) -> Iterator[RenderableType]:
    if isinstance(outcome, Failure):
        yield from (Text(one_line(outcome.source), overflow="fold"), "", Text("failed", style="red"))
        return
    yield Text(title(outcome), overflow="fold")
    yield f"{outcome.duration_s:.1f} s"
    if outcome.confidence is None or outcome.arousal is None or outcome.valence is None:
        reason = (outcome.reason or "").partition(":")[0]
        yield from (Text("no speech", style="dim"), "", Text(reason, style="dim"))
        return
    yield Text(emotion_name(outcome), style="bold")
    yield f"{outcome.confidence:4.0%} {'█' * round(10 * outcome.confidence)}"
    yield Text(second_best(outcome), style="dim")
    yield from (signed(outcome.arousal), signed(outcome.valence))
    if outcome.adapted_to:
        yield Text(outcome.adapted_to, style="dim")


def acoustics_list(outcomes: Iterable[Recognition | Failure]) -> Iterator[RenderableType]:
    """Yield the acoustic measures of each segment that has them, below its recording, time and emotion."""
    for outcome in outcomes:
        if isinstance(outcome, Failure):
            continue
        for segment in outcome.segments:
            if acoustics := acoustics_line(segment):
                yield ""
                yield Text.assemble((title(outcome), "bold"), f"  {time_span(segment)}  {caption(segment)}")
                yield Padding(Text(acoustics), (0, 0, 0, 2))


def turn_tables(outcomes: Iterable[Recognition | Failure]) -> Iterator[RenderableType]:
    """Yield a table of the turns of each conversation: who says what, and how."""
    for outcome in outcomes:
        if isinstance(outcome, Failure) or not has_turns(outcome):
            continue
        named, written = (any(getattr(s, name) for s in outcome.segments) for name in ("speaker", "text"))
        columns = ("turn", *(["speaker"] if named else []), "emotion", *(["text"] if written else []))
        table = Table(*columns, box=None, pad_edge=False, header_style="bold")
        for segment in outcome.segments:
            emotion = Text(caption(segment), style="dim" if segment.emotion is None else "")
            if segment.reason:
                emotion.append(f"  {one_line(segment.reason)}", style="dim")
            speaker, text = (Text(one_line(text or ""), overflow="fold") for text in (segment.speaker, segment.text))
            cells = (Text(time_span(segment), no_wrap=True), *([speaker] if named else []), emotion)
            table.add_row(*cells, *([text] if written else []))
        yield ""
        yield table


def model_table(bundles: Sequence[Bundle], *, default: str) -> Table:
    """Return a table with a row for each published result of each model.

    Parameters
    ----------
    bundles : sequence of Bundle
    default : str
        The name of the default model.

    Raises
    ------
    BundleError
        If the results in a manifest are not as ``docs/reference/bundles.md`` says.
    """
    columns = ("model", "version", "size", "prior", "measured on", "UAR %", "95 % interval", "accuracy %", "licence")
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for column in table.columns[2:8]:
        column.no_wrap = True
    for bundle in bundles:
        try:
            rows = list(_model_rows(bundle, is_default=bundle.name == default))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise BundleError(
                f"{bundle.folder} cannot be listed: the results in its manifest are not as docs/reference/bundles.md "
                f"says ({type(error).__name__}: {error}); train the bundle again"
            ) from error
        for row in rows:
            table.add_row(*map(Text, row))
    return table


def _model_rows(bundle: Bundle, *, is_default: bool) -> Iterator[list[str]]:
    size = f"{bundle.manifest['model']['bytes'] / 1e6:.1f} MB"
    first = [bundle.name + " (default)" * is_default, bundle.version, size, describe_prior(bundle.prior)]
    licence = str(bundle.manifest["licence"])
    for result in bundle.manifest.get("results") or [None]:
        figures = [""] * 4
        if result:
            interval = " to ".join(f"{100 * end:.1f}" for end in result.get("uar_interval") or ())
            uar, accuracy = (f"{100 * result[name]:.1f}" for name in ("uar", "accuracy"))
            figures = [f"{result['corpus']}, {result['protocol']}", uar, interval, accuracy]
        yield [*first, *figures, licence]
        first, licence = [""] * len(first), ""
