"""Augmentation: functions that degrade speech for training and for robustness tests.

They take and return mono float32 samples: noise, gain, telephone, codecs, rooms, clipping, spectral tilt, speed.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
