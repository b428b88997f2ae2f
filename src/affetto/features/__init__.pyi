from .acoustic.extraction import describe as describe
from .acoustic.extraction import feature_names as feature_names
from .acoustic.pipeline import AcousticFeatures as AcousticFeatures
from .cache import CachedTransformer as CachedTransformer
from .cache import cache_dir as cache_dir
from .neural.bands import BandFrames as BandFrames
from .neural.encoder import EncoderMeans as EncoderMeans
