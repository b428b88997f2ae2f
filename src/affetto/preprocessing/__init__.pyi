from .pipeline import DCRemoval as DCRemoval
from .pipeline import LevelNormalization as LevelNormalization
from .pipeline import NoiseRemoval as NoiseRemoval
from .pipeline import PreEmphasis as PreEmphasis
from .pipeline import ReadSpeech as ReadSpeech
from .pipeline import SilenceTrimming as SilenceTrimming
from .steps import apply_steps as apply_steps
