"""Phase three, features: what a voice sounds like, as numbers with names."""

from affetto._lazy import lazy_names

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "AcousticFeatures": "affetto.features.transformer",
        "BandFrames": "affetto.features.bands",
        "CachedTransformer": "affetto.features.cache",
        "EncoderMeans": "affetto.features.frames",
        "cache_dir": "affetto.features.cache",
        "describe": "affetto.features.utterance",
        "feature_names": "affetto.features.utterance",
    },
)
