"""From a torch module to an ONNX model that carries no trace of the machine it was made on."""

from __future__ import annotations

import logging
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import onnx
    from torch import Tensor, nn

TOLERANCE = 1e-4
"""Largest difference between the probabilities of the exported model and those of the fitted one."""

_OPSET = 20


def to_onnx(
    module: nn.Module, example: Tensor, *, input_name: str, outputs: Sequence[str], any_size: int
) -> onnx.ModelProto:
    """Convert a module with one input, whose dimension number `any_size` may have any size."""
    with quiet(), torch.inference_mode():
        program = torch.onnx.export(
            module.eval(),
            (example,),
            input_names=[input_name],
            output_names=list(outputs),
            dynamic_shapes=({any_size: torch.export.Dim(f"n_{input_name}", min=1)},),
            opset_version=_OPSET,
            dynamo=True,
            verbose=False,
        )
    assert program is not None  # by `dynamo`
    model = program.model_proto
    # Notes of the exporter name source files of this machine.
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    del model.graph.metadata_props[:]
    del model.graph.value_info[:]
    model.producer_name, model.producer_version, model.doc_string = "affetto", "", ""
    return model


@contextmanager
def quiet() -> Iterator[None]:
    """Suppress the warnings and logs of exporter and quantizer, and the log handlers that they install."""
    level, handlers = logging.root.manager.disable, list(logging.root.handlers)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.disable(logging.WARNING)
        try:
            yield
        finally:
            logging.disable(level)
            logging.root.handlers[:] = handlers
