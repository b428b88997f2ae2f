"""How frequent each emotion is, as commands take it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

import typer

from affetto.errors import ParameterError

if TYPE_CHECKING:
    from affetto.adaptation.prior import Prior

PriorOption = Annotated[
    str | None,
    typer.Option(
        "--prior",
        metavar="everyday|balanced|EMOTION=SHARE,...",
        help="How frequent each emotion is: everyday speech is mostly neutral. [default: what the model says]",
    ),
]


def parsed_prior(text: str | None) -> Prior | None:
    """Return what `--prior` says, for `Recognizer`, which knows the model's emotions.

    Raises
    ------
    ParameterError
        If it is neither the name of a prior nor shares of emotions.

    Examples
    --------
    >>> parsed_prior("neutral=0.6, angry=0.1")
    {'neutral': 0.6, 'angry': 0.1}
    """
    match text:
        case None | "everyday" | "balanced":
            return text
    shares: dict[str, float] = {}
    for part in text.split(","):
        emotion, _, number = (piece.strip() for piece in part.rpartition("="))
        try:
            share = float(number)
        except ValueError:
            share = math.nan
        if not emotion or math.isnan(share):
            raise ParameterError(
                f"--prior is {text!r}; choose everyday, balanced, or shares such as neutral=0.6,sad=0.1"
            )
        if emotion in shares:
            raise ParameterError(f"--prior gives {emotion!r} two shares; give one")
        shares[emotion] = share
    return shares
