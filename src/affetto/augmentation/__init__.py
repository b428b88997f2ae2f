"""Augmentation: functions that degrade speech for training and for robustness tests.

They take mono float32 samples, shape (n_samples,), and return as many, aligned with the input, unless they say
otherwise. A parameter out of range raises a ParameterError.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
