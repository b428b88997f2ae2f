"""The optional extras of the package and their libraries."""

from __future__ import annotations

from importlib.util import find_spec

from affetto.errors import MissingExtraError

_EXTRAS = {
    "classic": ("librosa", "scipy", "sklearn"),
    "corpora": ("pooch",),
    "denoise": ("noisereduce",),
    "formats": ("av",),
    "live": ("sounddevice",),
    "livekit": ("livekit.agents",),
    "pipecat": ("pipecat",),
    "plot": ("matplotlib",),
    "portable": ("onnx",),
    "serve": (
        "av",
        "fastapi",
        "limits",
        "prometheus_client",
        "pydantic_settings",
        "python_multipart",
        "uvicorn",
        "websockets",
    ),
    "train": (
        *("librosa", "scipy", "sklearn", "av", "huggingface_hub", "joblib", "matplotlib", "onnx", "onnxscript"),
        *("platformdirs", "pyroomacoustics", "safetensors", "skorch", "torch"),
    ),
}


def require_extra(name: str, *, purpose: str) -> None:
    """Raise a MissingExtraError if a library of an extra is not installed.

    Parameters
    ----------
    name : str
        An extra of the package.
    purpose : str
        What needs the extra, such as "training", for the error.
    """
    missing = [library for library in _EXTRAS[name] if not _is_installed(library)]
    if missing:
        needed = missing[0] if len(missing) == 1 else f'the extra "{name}"'
        raise MissingExtraError(f'{purpose} needs {needed}: pip install "affetto[{name}]"')


def _is_installed(library: str) -> bool:
    try:
        return find_spec(library) is not None
    except ModuleNotFoundError:  # the package that it is a part of is missing
        return False
