"""What may befall sound between a mouth and us: noise, gain, telephone, codecs, rooms, clipping, microphones, speed.

Pure functions of mono float32 samples, for training on what recordings are like and for testing what they cost.
"""

from affetto._lazy import lazy_names

_CHANNEL = "affetto.augmentation.channel"
_ROOMS = "affetto.augmentation.rooms"
_DURATION = "affetto.augmentation.duration"

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "add_noise": "affetto.augmentation.noise",
        "change_gain": _CHANNEL,
        "change_speed": _DURATION,
        "clip_samples": _CHANNEL,
        "encode": "affetto.augmentation.codecs",
        "lead_silence": _DURATION,
        "reverberate": _ROOMS,
        "room_response": _ROOMS,
        "synthetic_noise": "affetto.augmentation.synthesis",
        "telephone": _CHANNEL,
        "tilt": _CHANNEL,
    },
)
