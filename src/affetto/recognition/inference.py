"""From samples to probabilities: the recorded pre-processing and features, then the ONNX model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from affetto.errors import BundleError
from affetto.preprocessing.steps import STEPS, apply_steps

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from affetto.recognition.bundle import Bundle


class Inference:
    """Runs a bundle.

    Parameters
    ----------
    bundle : Bundle
    threads : int, optional
        Threads within one run of the model; by default all cores.

    Raises
    ------
    BundleError
        If the manifest asks for a step that this version does not have, or ONNX Runtime refuses the model.
    """

    def __init__(self, bundle: Bundle, *, threads: int | None = None) -> None:
        import onnxruntime

        manifest = bundle.manifest
        self.sample_rate_hz = int(manifest["input"]["sample_rate_hz"])
        self._steps = [(step["step"], step["parameters"]) for step in manifest["preprocessing"]]
        self._features = manifest.get("features")
        if unknown := [name for name, _ in self._steps if name not in STEPS]:
            raise BundleError(f"{bundle.folder} needs the pre-processing {unknown[0]!r}; upgrade affetto")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or 0
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(bundle.model, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime's errors share no narrower class
            raise BundleError(f"{bundle.folder} holds a model that ONNX Runtime cannot load: {error}") from None
        self._input = self._session.get_inputs()[0].name

    def probabilities(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the probability of each label for one stretch of sound.

        Parameters
        ----------
        samples : ndarray, shape (n_samples,)
            At `sample_rate_hz`.

        Returns
        -------
        ndarray of float32, shape (n_labels,)
        """
        prepared = apply_steps(samples, self.sample_rate_hz, self._steps)
        if self._features is not None:
            from affetto.features import describe

            prepared = describe(prepared, self.sample_rate_hz, **self._features)
        (probabilities,) = self._session.run(["probabilities"], {self._input: prepared[None]})
        return np.asarray(probabilities[0])
