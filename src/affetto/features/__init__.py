"""Phase three, features: what a voice sounds like, as numbers with names."""

from affetto._lazy import lazy_names

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "AcousticFeatures": "affetto.features.acoustic.pipeline",
        "BandFrames": "affetto.features.neural.bands",
        "CachedTransformer": "affetto.features.cache",
        "EncoderMeans": "affetto.features.neural.encoder",
        "cache_dir": "affetto.features.cache",
        "describe": "affetto.features.acoustic.extraction",
        "feature_names": "affetto.features.acoustic.extraction",
    },
)
