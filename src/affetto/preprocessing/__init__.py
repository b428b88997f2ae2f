"""Phase two, pre-processing: noise removal, trimming, pre-emphasis, level; each a step that can be switched."""

from affetto._lazy import lazy_names

_TRANSFORMERS = "affetto.preprocessing.pipeline"

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "DCRemoval": _TRANSFORMERS,
        "LevelNormalization": _TRANSFORMERS,
        "NoiseRemoval": _TRANSFORMERS,
        "PreEmphasis": _TRANSFORMERS,
        "ReadSpeech": _TRANSFORMERS,
        "SilenceTrimming": _TRANSFORMERS,
        "apply_steps": "affetto.preprocessing.steps",
    },
)
