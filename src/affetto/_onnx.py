"""The one door to ONNX Runtime: no other module imports it."""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import ModuleType

    from numpy.typing import NDArray


def import_onnxruntime(part: str = "") -> ModuleType:
    """Import ONNX Runtime, with its telemetry off: see ``affetto/__init__.py``.

    Parameters
    ----------
    part : str
        A module of it, such as ``quantization``; by default the whole.
    """
    return import_module(f"onnxruntime.{part}" if part else "onnxruntime")


class OnnxModel:
    """An ONNX model that runs on one thread, also after a fork.

    Work spreads over the processors by running several segments at a time: a pool of threads within the runtime would
    not survive a fork, and gains nothing for a segment of a few seconds.

    Parameters
    ----------
    model : bytes or path
        The model, or its file.
    few_lengths : bool
        Whether its inputs have few lengths only. Then ONNX Runtime keeps a plan of its memory for each, which is
        faster; of many lengths these plans would grow without bound.

    Attributes
    ----------
    input_names, output_names : list of str
        What it takes and gives.

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
        """Run the model; several threads may do so at once.

        Parameters
        ----------
        outputs : sequence of str
            Names of the outputs that are wanted.
        inputs : mapping of str to ndarray
            The value of each input.

        Returns
        -------
        list of ndarray
            One for each of `outputs`.
        """
        process, session = self._opened
        if process != os.getpid():
            # After a fork: another thread may have held the session's locks, and nobody would ever release them.
            session = self._open()
        values: list[NDArray[Any]] = session.run(list(outputs), dict(inputs))
        return values

    def _open(self) -> Any:
        onnxruntime = import_onnxruntime()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3  # errors alone
        options.enable_mem_pattern = self._few_lengths
        session = onnxruntime.InferenceSession(self._model, options, providers=["CPUExecutionProvider"])
        self._opened = os.getpid(), session
        return session
