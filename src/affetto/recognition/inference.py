"""From samples to probabilities: the recorded pre-processing and features, then the ONNX model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from affetto.errors import BundleError
from affetto.preprocessing.steps import STEPS, apply_steps
from affetto.recognition.adaptation import Heard

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
        manifest = bundle.manifest
        try:
            self.sample_rate_hz = int(manifest["input"]["sample_rate_hz"])
            self._steps = [(str(step["step"]), dict(step["parameters"])) for step in manifest["preprocessing"]]
            match manifest["input"]["kind"]:
                case "features":
                    self._features = manifest["features"]
                case "waveform":
                    self._features = None
                case kind:
                    raise ValueError(f"its input is of the kind {kind!r}")
            if unknown := [name for name, _ in self._steps if name not in STEPS]:
                raise ValueError(f"it needs the pre-processing {unknown[0]!r}")
        except (KeyError, TypeError, ValueError) as error:
            raise BundleError(
                f"{bundle.folder} is not a bundle that this version can run: {error}; upgrade affetto"
            ) from None
        self._session = _open_session(bundle, threads)
        self._input = self._session.get_inputs()[0].name
        given = {output.name for output in self._session.get_outputs()}
        self._outputs = ["probabilities", *({"embedding"} & given)]
        try:
            # A second of noise: whatever does not fit together shows here, not in the middle of a recording.
            trial = self.hear(np.random.default_rng(0).normal(0, 0.1, self.sample_rate_hz).astype(np.float32))
        except Exception as error:  # from three rooms and ONNX Runtime
            raise BundleError(f"{bundle.folder} does not run: {error}; train it again") from None
        if not (np.isfinite(trial.probabilities).all() and np.isfinite(trial.embedding).all()):
            raise BundleError(f"{bundle.folder} gives answers that are no numbers; train it again")
        if len(trial.probabilities) != len(bundle.labels):
            raise BundleError(
                f"{bundle.folder} names {len(bundle.labels)} labels, "
                f"but its model gives {len(trial.probabilities)} probabilities"
            )
        spaces = bundle.voices
        if spaces is not None and len(trial.embedding) != spaces.n_dimensions:
            raise BundleError(
                f"{bundle.folder} describes voices in {spaces.n_dimensions} dimensions, "
                f"but its model gives embeddings of {len(trial.embedding)}; train it again"
            )

    def hear(self, samples: NDArray[np.float32]) -> Heard:
        """Return the probability of each label for one stretch of sound, and where it lies among voices.

        Parameters
        ----------
        samples : ndarray, shape (n_samples,)
            At `sample_rate_hz`.

        Returns
        -------
        Heard
        """
        prepared = apply_steps(samples, self.sample_rate_hz, self._steps)
        probabilities, *embedding = self._session.run(self._outputs, {self._input: self._taken(prepared)[None]})
        return Heard(probabilities[0], embedding[0][0] if embedding else np.zeros(0, np.float32))

    def _taken(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return what the model takes: the samples themselves, or features of them."""
        if self._features is None:
            return samples
        from affetto.features import describe

        features: NDArray[np.float32] = describe(samples, self.sample_rate_hz, **self._features)
        return features


def _open_session(bundle: Bundle, threads: int | None) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or 0
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(bundle.model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's errors share no narrower class
        raise BundleError(f"{bundle.folder} holds a model that ONNX Runtime cannot load: {error}") from None
