"""Libraries that only some capabilities need."""

from __future__ import annotations

from importlib.util import find_spec

from affetto.errors import MissingExtraError

_EXTRAS = {
    "classic": ("librosa", "scipy", "sklearn"),
    "corpora": ("pooch",),
    "denoise": ("noisereduce",),
    "formats": ("av",),
    "live": ("sounddevice",),
    "plot": ("matplotlib",),
    "train": (
        *("librosa", "scipy", "sklearn", "av", "huggingface_hub", "matplotlib", "onnx", "onnxscript"),
        *("pyroomacoustics", "safetensors", "skl2onnx", "skorch", "torch"),
    ),
}


def require_extra(name: str, *, purpose: str = "this") -> None:
    """Say which extra is missing, before anything else is done.

    Parameters
    ----------
    name : {"classic", "corpora", "denoise", "formats", "live", "plot", "train"}
        The extra.
    purpose : str
        What needs it.

    Raises
    ------
    MissingExtraError
        If one of its libraries is not installed.
    """
    missing = [library for library in _EXTRAS[name] if find_spec(library) is None]
    if missing:
        raise MissingExtraError(
            f"{purpose} needs {' and '.join(missing)}; install affetto with its extra: affetto[{name}]"
        )
