"""The recognizer: recordings in, emotions out."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, Self

from affetto._checks import whole_number
from affetto._cpus import usable_cpus
from affetto.adaptation.online import OnlineAdapter
from affetto.adaptation.prior import resolve_prior, trained_shares
from affetto.adaptation.profile import AdaptationProfile
from affetto.bundles.bundle import Bundle, bundled_models, find_bundle, load_bundle
from affetto.conversations.turn import in_order
from affetto.errors import AudioError, ParameterError, ProfileError
from affetto.preprocessing.vad import SpeechSegmenter
from affetto.recognition.aggregator import ResultAggregator
from affetto.recognition.checks import checked_channel, require_several
from affetto.recognition.conversation import recognize_conversation
from affetto.recognition.inference_pool import InferencePool, find_segments
from affetto.recognition.live import LiveRecognition
from affetto.recognition.recording import recognize_many, recognize_recording
from affetto.recognition.result import Failure, ModelName, Recognition
from affetto.speech import TruncatedAudioWarning, check_channels, check_track, open_stream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import ArrayLike

    from affetto.adaptation.prior import Prior
    from affetto.conversations import Turn
    from affetto.recognition.aggregator import SegmentPrediction
    from affetto.recognition.result import Segment
    from affetto.speech import Channels, Source

DEFAULT_MODEL = "transformer"


class Recognizer:
    """Recognizes the emotion that a voice expresses.

    A recognizer may be used from several threads, and after a fork. It can be pickled; unpickling loads the model again
    from the same folder. A copy (`copy.copy`) shares the model, and may have another profile or prior.

    All methods take a recording as a path, as bytes, as a binary file object, as (samples, sample rate), or as a
    `Waveform`.

    Parameters
    ----------
    model : str or path, optional
        A bundle's folder, or the name of a model that ships with the package; by default "transformer".
    threads : int, optional
        How many segments of one recording to process at a time; by default one for each usable processor.
    profile : AdaptationProfile or path, optional
        The profile that all recordings are adapted to; see `adapt`.
    self_adaptation : bool
        Whether each segment is adapted to those before it in its recording, if there is no profile.
    prior : {"everyday", "balanced"} or mapping of str to float, optional
        How frequent each emotion is in the recordings to recognize. "balanced": as in training. "everyday": neutral
        has the share 0.7. A mapping gives emotions their shares; the others divide the rest as in training. By default
        the bundle's own, usually "balanced". Bayes' rule changes the probabilities accordingly (`apply_prior`); arousal
        and valence do not depend on the prior.

    Attributes
    ----------
    bundle : Bundle
        The model.

    Raises
    ------
    BundleError
        If the model is missing, damaged, or needs a newer Affetto.
    ProfileError
        If the profile cannot be read, or belongs to another model.
    ParameterError
        If the prior names an emotion that the model does not know, or its shares cannot add up to 1.
    MissingExtraError
        If the model needs a library that is not installed.

    Examples
    --------
    >>> import affetto
    >>> recognizer = affetto.Recognizer()
    >>> result = recognizer.recognize("examples/angry.flac")
    >>> result.status in ("ok", "uncertain"), result.emotion in recognizer.labels, 0 <= result.confidence <= 1
    (True, True, True)

    Neutral speech becomes more probable where most speech is neutral:

    >>> everyday = affetto.Recognizer(prior="everyday").recognize("examples/angry.flac")
    >>> everyday.probabilities["neutral"] > result.probabilities["neutral"], everyday.arousal == result.arousal
    (True, True)
    """

    def __init__(
        self,
        model: str | os.PathLike[str] | None = None,
        *,
        threads: int | None = None,
        profile: AdaptationProfile | str | os.PathLike[str] | None = None,
        self_adaptation: bool = True,
        prior: Prior | None = None,
    ) -> None:
        self._threads = None if threads is None else whole_number(threads, name="threads")
        # The default is the shipped model, even if the current folder holds one of that name.
        self.bundle: Bundle = load_bundle(bundled_models()[DEFAULT_MODEL] if model is None else find_bundle(model))
        self._pool = InferencePool(self.bundle, threads=self._threads)
        self._offset_model, self._threshold = self.bundle.offset_model, self.bundle.threshold
        self._trained = trained_shares(self.labels, self.bundle.frequencies)
        self.prior = prior
        self.self_adaptation = self_adaptation
        self.profile = profile

    def __copy__(self) -> Self:
        """Return a recognizer that shares the model in memory, to set another profile or prior."""
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        return other

    def __reduce__(self) -> tuple[Any, ...]:
        # An absolute path: unpickling may happen in another working folder.
        is_shipped = self.bundle.folder in bundled_models().values()
        model = self.bundle.folder.name if is_shipped else self.bundle.folder.absolute()
        options: dict[str, Any] = {
            "threads": self._threads,
            "profile": self._profile,
            "self_adaptation": self.self_adaptation,
            "prior": self._prior,
        }
        return partial(type(self), model, **options), ()

    @property
    def labels(self) -> tuple[str, ...]:
        """The emotions that the model knows, in the order of its probabilities."""
        return self.bundle.labels

    @property
    def prior(self) -> dict[str, float]:
        """The share of each emotion that the probabilities assume. It can be set, as the parameter of this name."""
        return dict(zip(self.labels, self._shares.tolist(), strict=True))

    @prior.setter
    def prior(self, prior: Prior | None) -> None:
        chosen = self.bundle.prior if prior is None else prior
        self._shares = resolve_prior(chosen, self.labels, self.bundle.frequencies)
        self._prior = dict(prior) if isinstance(prior, Mapping) else prior

    @property
    def profile(self) -> AdaptationProfile | None:
        """The profile that all recordings are adapted to, if any. It can be set, also to the path of a profile."""
        return self._profile

    @profile.setter
    def profile(self, profile: AdaptationProfile | str | os.PathLike[str] | None) -> None:
        if isinstance(profile, str | os.PathLike):
            profile = AdaptationProfile.load(profile)
        if profile is not None and not isinstance(profile, AdaptationProfile):
            raise ParameterError(
                f"profile is a {type(profile).__name__}; give an AdaptationProfile, or the path of one"
            )
        self._profile_offset = None if profile is None else profile.offset(self.bundle)
        self._profile = profile

    def recognize(
        self,
        source: Source,
        *,
        channels: Literal["mix"] | int = "mix",
        track: int | None = None,
        acoustics: bool = False,
        turns: Iterable[Turn] | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> Recognition:
        """Recognize one recording.

        It is decoded, segmented and recognized piece by piece: memory does not grow with its length.

        Parameters
        ----------
        source : path, bytes, binary file object, (samples, sample rate), or Waveform
            At least 0.2 s, at 8 to 192 kHz.
        channels : "mix" or int
            The mean of all channels, or the number of one, counted from 1.
        track : int, optional
            The number of an audio track, counted from 1; by default the one that players choose.
        acoustics : bool
            Whether to measure F0, loudness, articulation rate and more of each segment: `Segment.acoustics`.
        turns : iterable of Turn, optional
            The pieces to answer, for example from `read_turns`; by default the segments of speech are looked for. The
            result has one segment for each turn, in the order of their start, with its speaker and text. Answers are
            adapted to each speaker by itself.
        progress : callable, optional
            Called with the position in the recording, in seconds, whenever another part of it has been decoded, and
            between turns. An exception that it raises ends the recognition.

        Raises
        ------
        AudioError
            If it cannot be read, is too short, holds values that are not finite, or lacks the channel or track.
        ParameterError
            If `channels` or `track` cannot exist, or something else is among the turns.
        MissingExtraError
            If its format needs the extra ``formats``.

        Examples
        --------
        >>> import affetto
        >>> turns = [affetto.Turn(0, 4, speaker="Anna"), affetto.Turn(4, 8, speaker="Ben")]
        >>> result = affetto.Recognizer().recognize("examples/reading-long.flac", turns=turns)
        >>> [(segment.speaker, segment.end_s) for segment in result.segments]
        [('Anna', 4.0), ('Ben', 8.0)]
        """
        channel, track = checked_channel(channels), check_track(track)
        if turns is not None:
            return recognize_conversation(
                source,
                in_order(turns),
                self._pool,
                self._new_aggregator(),
                channels=channel,
                track=track,
                acoustics=acoustics,
                progress=progress,
            )
        (recognition,) = self._recognize(source, channels=channel, track=track, acoustics=acoustics, progress=progress)
        return recognition

    def recognize_channels(
        self,
        source: Source,
        *,
        track: int | None = None,
        acoustics: bool = False,
        progress: Callable[[float], None] | None = None,
    ) -> tuple[Recognition, ...]:
        """Recognize each channel of a recording by itself, for example the agent and the customer of a call.

        Parameters and errors are those of `recognize`.

        Returns
        -------
        tuple of Recognition
            One for each channel.
        """
        return self._recognize(
            source, channels="each", track=check_track(track), acoustics=acoustics, progress=progress
        )

    def recognize_each(
        self,
        sources: Iterable[Source],
        *,
        jobs: int | None = None,
        channels: Channels = "mix",
        track: int | None = None,
        acoustics: bool = False,
    ) -> Iterator[Recognition | Failure]:
        """Recognize many recordings, several at a time; one that fails does not stop the others.

        Parameters
        ----------
        sources : iterable of path, bytes, binary file object, (samples, sample rate), or Waveform
        jobs : int, optional
            How many at a time; by default one for each usable processor.
        channels : "mix", "each" or int
            The mean of all channels, each by itself, or the number of one, counted from 1.
        track, acoustics
            As in `recognize`.

        Returns
        -------
        iterator of Recognition or Failure
            One for each source, or for each of its channels, in their order.

        Raises
        ------
        ParameterError
            If `sources` is a single recording, or another argument is invalid.
        """
        require_several(sources, "recognize_each")
        workers = usable_cpus() if jobs is None else whole_number(jobs, name="jobs")
        recognize = partial(
            self._recognize,
            channels=check_channels(channels, each=True),
            track=check_track(track),
            acoustics=acoustics,
            # Several recordings at a time use all processors already.
            threads=None if workers == 1 else 1,
        )
        return recognize_many(sources, recognize, workers=workers)

    def stream(self, chunks: Iterable[ArrayLike], *, sample_rate_hz: float) -> Iterator[Segment]:
        """Recognize sound while it arrives.

        Several streams may run side by side. The segments are those that `recognize` finds in the whole.

        Parameters
        ----------
        chunks : iterable of array-like, shape (n_samples,) or (n_samples, n_channels)
            Pieces of any size, floats with full scale 1 or integers; channels are averaged.
        sample_rate_hz : float
            The sample rate, 8,000 to 192,000.

        Returns
        -------
        iterator of Segment
            Each segment, about half a second after it ends; its times count from the beginning of the stream.

        Raises
        ------
        AudioError
            If the rate is out of range, or a chunk does not hold samples.

        Warns
        -----
        TruncatedAudioWarning
            At the end, if the channels cancelled each other, or integers were wider than their sound.

        Examples
        --------
        >>> import affetto
        >>> call = affetto.read("examples/reading-long.flac")
        >>> chunks = [call.samples[start : start + 1_000] for start in range(0, len(call.samples), 1_000)]
        >>> len(list(affetto.Recognizer().stream(chunks, sample_rate_hz=call.sample_rate_hz)))
        2
        """
        live = self.listen(sample_rate_hz=sample_rate_hz, keep=False)  # checks the rate before the first chunk

        def segments() -> Iterator[Segment]:
            for chunk in chunks:
                yield from live.push(chunk)
            end = live.end()
            yield from end.segments
            for warning in end.warnings:
                warnings.warn(warning, TruncatedAudioWarning, stacklevel=2)

        return segments()

    def listen(self, *, sample_rate_hz: float, keep: bool = True) -> LiveRecognition:
        """Begin to recognize sound that is pushed piece by piece, with more control than `stream` gives.

        Parameters
        ----------
        sample_rate_hz : float
            The sample rate, 8,000 to 192,000.
        keep : bool
            Whether the final result holds all segments. If False, it holds those that were not returned before, and
            memory does not grow however long the sound goes on.

        Returns
        -------
        LiveRecognition
            Also knows whether somebody speaks now, and gives interim results.

        Raises
        ------
        AudioError
            If the rate is out of range.
        """
        return LiveRecognition(sample_rate_hz, self._pool, self._new_aggregator(), keep=keep)

    def predict_segments(
        self, source: Source, *, channels: Literal["mix"] | int = "mix", track: int | None = None
    ) -> list[SegmentPrediction]:
        """Return the model's output for each segment, without adaptation and prior.

        Parameters and errors are those of `recognize`.

        Returns
        -------
        list of SegmentPrediction
            Empty if nobody speaks.

        Warns
        -----
        TruncatedAudioWarning
            If the file is damaged or ends early, and only a part of it was decoded.
        """
        rate = self._pool.sample_rate_hz
        with open_stream(source, sample_rate_hz=rate, channels=checked_channel(channels), track=track) as stream:
            segments = find_segments(stream, [SpeechSegmenter(rate)])
            predictions = [prediction for _, prediction in self._pool.predict_each(segments)]
            for warning in stream.warnings:
                warnings.warn(warning, TruncatedAudioWarning, stacklevel=2)
            return predictions

    def adapt(
        self, recordings: Iterable[Source], *, channels: Literal["mix"] | int = "mix", track: int | None = None
    ) -> AdaptationProfile:
        """Learn from unlabelled recordings what is constant in them, and adapt to it from now on.

        This is the voice if one person speaks in them, and the room, the line and the language if many do. One segment
        helps already, twenty or more help most, of any emotions. The profile replaces an earlier one.

        Parameters
        ----------
        recordings : iterable of path, bytes, binary file object, (samples, sample rate), or Waveform
            Best of one person, by the microphone that is used later.
        channels, track
            As in `recognize`.

        Returns
        -------
        AdaptationProfile
            It can be saved, and given to another recognizer of the same model.

        Raises
        ------
        AudioError
            If a recording cannot be read, or nobody speaks in any of them.
        ProfileError
            If the model cannot be adapted.
        ParameterError
            If `recordings` is a single recording.

        Warns
        -----
        TruncatedAudioWarning
            If a file is damaged or ends early, and only a part of it was decoded.

        Examples
        --------
        >>> import affetto
        >>> recognizer = affetto.Recognizer()
        >>> profile = recognizer.adapt(["examples/angry.flac", "examples/neutral.flac", "examples/surprised.flac"])
        >>> recognizer.recognize("examples/disgust.flac").adapted_to
        'profile'
        """
        if self._offset_model is None:
            raise ProfileError(f"the model {self.bundle.name} cannot be adapted; choose {DEFAULT_MODEL}, which can")
        require_several(recordings, "adapt")
        segments = [s for source in recordings for s in self.predict_segments(source, channels=channels, track=track)]
        if not segments:
            raise AudioError("nobody speaks in the recordings to adapt to; give some with speech")
        self.profile = profile = AdaptationProfile.from_segments(self.bundle, segments)
        return profile

    def _recognize(
        self,
        source: Source,
        *,
        channels: Channels,
        track: int | None,
        acoustics: bool,
        threads: int | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> tuple[Recognition, ...]:
        return recognize_recording(
            source,
            self._pool,
            self._new_aggregator,
            channels=channels,
            track=track,
            acoustics=acoustics,
            threads=threads,
            progress=progress,
        )

    def _new_aggregator(self) -> ResultAggregator:
        adapts = self._profile_offset is not None or self.self_adaptation
        new_adapter = partial(OnlineAdapter, self._offset_model if adapts else None, self._profile_offset)
        model = ModelName(self.bundle.name, self.bundle.version)
        return ResultAggregator(model, self.labels, self._threshold, new_adapter, self._shares, self._trained)
