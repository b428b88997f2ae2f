"""Phase one, speech: recordings of every kind become waveforms."""

from affetto.speech.reading import TruncatedAudioWarning, read, read_with_warnings
from affetto.speech.resampling import StreamResampler
from affetto.speech.sources import Source, source_name
from affetto.speech.streaming import Channels, SoundStream, check_channels, check_track, open_stream
from affetto.speech.waveform import Waveform

__all__ = [
    "Channels",
    "SoundStream",
    "Source",
    "StreamResampler",
    "TruncatedAudioWarning",
    "Waveform",
    "check_channels",
    "check_track",
    "open_stream",
    "read",
    "read_with_warnings",
    "source_name",
]
