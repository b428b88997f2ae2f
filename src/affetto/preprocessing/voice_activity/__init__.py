
from affetto.preprocessing.voice_activity.detector import FRAME_SAMPLES, SAMPLE_RATE_HZ, VoiceActivity

__all__ = ["FRAME_SAMPLES", "SAMPLE_RATE_HZ", "VoiceActivity"]
