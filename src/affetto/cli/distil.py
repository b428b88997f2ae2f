"""`affetto distil`: an encoder in, a steadier encoder out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

CorporaArgument = Annotated[
    list[Path], typer.Argument(metavar="DIR...", help="Corpora whose speech to distil on; labels play no part.")
]
NewEncoderOption = Annotated[Path, typer.Option("--output", metavar="ENCODER", help="The new encoder's folder.")]


def distil(
    corpora: CorporaArgument,
    output: NewEncoderOption,
    encoder: Annotated[
        str,
        typer.Option(
            "--encoder",
            metavar="PATH_OR_NAME",
            help="The teacher, a Whisper checkpoint: a folder, or a name on the Hugging Face hub.",
        ),
    ] = "openai/whisper-base",
    begin: Annotated[
        str | None,
        typer.Option(
            "--begin", metavar="PATH", help="An encoder distilled from this teacher before, to go on from; else anew."
        ),
    ] = None,
    way: Annotated[
        float, typer.Option("--way", help="How far to go from the teacher's weights to those learned, up to 1.")
    ] = 0.5,
    epochs: Annotated[int, typer.Option("--epochs", help="How often each recording is heard.")] = 4,
    seed: Annotated[int, typer.Option("--seed", help="Decides on all that is left to chance.")] = 0,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the state of an interrupted run.")] = False,
) -> None:
    """Teach an encoder to hear noisy speech as it hears clean speech, for `affetto train --encoder`.

    Speakers on whom a classifier is tested later must not be among the corpora.
    """
    from affetto.extras import require_extra

    require_extra("train")
    from affetto.cli.output import quoted, working
    from affetto.cli.train import load_further
    from affetto.corpora.base import require_outside
    from affetto.training.distillation import Distillation
    from affetto.training.distillation import distil as distil_encoder

    recipe = Distillation(epochs=epochs, way=way, seed=seed)
    loaded = load_further(corpora)
    for path in corpora:
        require_outside(output, path)
    with working("Distilling: minutes to hours"):
        figures = distil_encoder(encoder, loaded, output, begin=begin, recipe=recipe, resume=resume)
    typer.echo(
        f"Wrote {output}. What is heard of degraded speech lay {figures['before']:.3f} from what is heard of it clean, "
        f"and lies {figures['after']:.3f} from it now; clean speech moved by {figures['clean']:.3f}. "
        f"Try: affetto train DIR --classifier transformer --encoder {quoted(output)} --output my-model"
    )
