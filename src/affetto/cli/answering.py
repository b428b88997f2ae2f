"""`--adapted` and `--adapted-to` of `affetto evaluate`: how test clips are answered."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from affetto.cli.train import Classifier
from affetto.errors import ParameterError

if TYPE_CHECKING:
    from affetto.evaluation.adapted import AnswerFunction


class AdaptedTo(StrEnum):
    """Of whom the recordings are that answers are adapted to."""

    speaker = "speaker"
    corpus = "corpus"


AdaptedOption = Annotated[
    int | None,
    typer.Option("--adapted", metavar="N", min=1, help="Adapt to N other test recordings before each answer."),
]
AdaptedToOption = Annotated[
    AdaptedTo, typer.Option("--adapted-to", help="Whose recordings these are: of the same speaker, or of anybody.")
]


@dataclass(frozen=True)
class Answering:
    """How test clips are answered.

    Attributes
    ----------
    classifier : Classifier
        The kind of classifier.
    count : int or None
        To how many other recordings answers are adapted; None: each clip is answered by itself.
    to : AdaptedTo
        Whose recordings these are.

    Raises
    ------
    ParameterError
        If the classifier cannot be adapted.
    """

    classifier: Classifier
    count: int | None = None
    to: AdaptedTo = AdaptedTo.speaker

    def __post_init__(self) -> None:
        if self.count is not None and self.classifier is not Classifier.transformer:
            raise ParameterError(
                f"--adapted is for the transformer, and the classifier is {self.classifier.value}: it cannot be adapted"
            )

    @property
    def adapted_to(self) -> dict[str, int] | None:
        """What a report says of it: to how many recordings of whom; None where each clip is answered by itself."""
        return None if self.count is None else {self.to.value: self.count}

    @property
    def answers(self) -> AnswerFunction:
        """How the test clips of a fold are answered."""
        from affetto.evaluation.adapted import adapted, unadapted

        return unadapted if self.count is None else adapted(self.count, to=self.to.value)
