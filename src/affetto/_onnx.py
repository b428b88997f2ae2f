"""ONNX Runtime, which only this module imports."""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import ModuleType

    from numpy.typing import NDArray


def import_onnxruntime(part: str = "") -> ModuleType:
    """Import ONNX Runtime or a part of it, such as ``quantization``; `affetto` turns its telemetry off."""
    return import_module(f"onnxruntime.{part}" if part else "onnxruntime")


class OnnxModel:
    """An ONNX model that runs on one thread, also after a fork.

    Callers run several segments in parallel instead: threads of the runtime do not survive a fork, and hardly speed up
    a segment of a few seconds.

    Parameters
    ----------
    model : bytes or path
        The model, or its file.
    few_lengths : bool
        Whether inputs have only few lengths. ONNX Runtime is faster with a memory plan for each of them, but many plans
        would need much memory.

    Attributes
    ----------
    input_names, output_names : list of str

    Examples
    --------
    >>> from affetto._onnx import OnnxModel
    >>> OnnxModel("src/affetto/models/transformer/model.onnx").input_names
    ['samples']
    """

    def __init__(self, model: bytes | str | os.PathLike[str], *, few_lengths: bool = False) -> None:
        self._model = model if isinstance(model, bytes) else os.fspath(model)
        self._few_lengths = few_lengths
        session = self._open()
        self.input_names: list[str] = [value.name for value in session.get_inputs()]
        self.output_names: list[str] = [value.name for value in session.get_outputs()]

    def run(self, outputs: Sequence[str], inputs: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        """Return the named outputs for inputs by name; several threads may do so in parallel."""
        process, session = self._opened
        if process != os.getpid():
            # In a forked process, locks of the session may be held by a thread of the parent.
            session = self._open()
        values: list[NDArray[Any]] = session.run(list(outputs), dict(inputs))
        return values

    def _open(self) -> Any:
        onnxruntime = import_onnxruntime()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3  # errors
        options.enable_mem_pattern = self._few_lengths
        session = onnxruntime.InferenceSession(self._model, options, providers=["CPUExecutionProvider"])
        self._opened = os.getpid(), session
        return session
