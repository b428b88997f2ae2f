"""Where somebody speaks: stretches of speech, cut out of sound while it arrives."""

from affetto.preprocessing.voice_activity.segmenter import MAX_SEGMENT_S, SpeechSegmenter, Stretch

__all__ = ["MAX_SEGMENT_S", "SpeechSegmenter", "Stretch"]
