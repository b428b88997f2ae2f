from .acoustics.measures import AcousticMeasures as AcousticMeasures
from .adaptation.profile import AdaptationProfile as AdaptationProfile
from .bundles.bundle import Bundle as Bundle
from .classifiers.onnx_model import ModelOutput as ModelOutput
from .conversations import Turn as Turn
from .conversations import read_turns as read_turns
from .errors import AffettoError as AffettoError
from .errors import AudioError as AudioError
from .errors import BundleError as BundleError
from .errors import CorpusError as CorpusError
from .errors import MissingExtraError as MissingExtraError
from .errors import ParameterError as ParameterError
from .errors import ProfileError as ProfileError
from .errors import TurnsError as TurnsError
from .recognition.aggregator import SegmentPrediction as SegmentPrediction
from .recognition.live import LiveRecognition as LiveRecognition
from .recognition.recognizer import Recognizer as Recognizer
from .recognition.result import Failure as Failure
from .recognition.result import ModelName as ModelName
from .recognition.result import Recognition as Recognition
from .recognition.result import Segment as Segment
from .speech import TruncatedAudioWarning as TruncatedAudioWarning
from .speech import Waveform as Waveform
from .speech import read as read

__version__: str
