"""The recognizer: recordings in, emotions out."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from functools import partial
from numbers import Real
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from affetto._checks import whole_number
from affetto._cpus import usable_cpus
from affetto._parallel import map_in_order
from affetto.adaptation.online import OnlineAdapter
from affetto.adaptation.prior import resolve_prior, trained_shares
from affetto.adaptation.profile import AdaptationProfile
from affetto.bundles.bundle import Bundle, bundled_models, find_bundle, load_bundle
from affetto.errors import AffettoError, AudioError, ParameterError, ProfileError
from affetto.preprocessing.vad import SpeechSegmenter
from affetto.recognition.aggregator import ResultAggregator
from affetto.recognition.inference_pool import InferencePool, find_segments
from affetto.recognition.live import LiveRecognition
from affetto.recognition.result import Failure, ModelName, Recognition
from affetto.speech import (
    StreamResampler,
    TruncatedAudioWarning,
    Waveform,
    checked_channels,
    checked_track,
    open_stream,
    source_name,
)
from affetto.speech.waveform import MIN_DURATION_S, SILENCE_DBFS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import ArrayLike

    from affetto.adaptation.prior import Prior
    from affetto.recognition.aggregator import SegmentPrediction
    from affetto.recognition.result import Segment, Status
    from affetto.speech import Channels, Source

DEFAULT_MODEL = "transformer"


class Recognizer:
    """Recognizes the emotion that a voice expresses.

    A recognizer may be used from several threads at once, and after a fork. Pickled, it is what it was made of: its
    model is loaded anew from the same folder.

    Parameters
    ----------
    model : str or path, optional
        A bundle's folder, or the name of a model that ships with the package; by default the best of these.
    threads : int, optional
        How many segments of one recording are processed at a time; by default as many as there are processors that
        this process may use.
    profile : AdaptationProfile or path, optional
        What all recordings are adapted to; see `adapt`.
    self_adaptation : bool
        Whether, where there is no profile, each utterance of a recording is adapted to those before it.
    prior : {"everyday", "balanced"} or mapping of str to float, optional
        How frequent each emotion is where the recordings come from; by default what the bundle says, which is
        "balanced" if it says nothing: all emotions alike, but calm less where few of the corpora tell it from neutral.
        Where they are not as frequent as that, Bayes' rule gives the probabilities: each is multiplied by its emotion's
        share over that in training, and all are divided by their sum. "everyday" gives neutral speech 0.7; a mapping
        gives emotions their shares. Those left out share what remains of 1, in the proportions of training. Arousal and
        valence do not depend on it.

    Attributes
    ----------
    bundle : Bundle
        The model.

    Raises
    ------
    BundleError
        If the model is missing, damaged, or needs a newer Affetto.
    ProfileError
        If the profile cannot be read, or is of another model.
    ParameterError
        If the prior names an emotion that the model does not know, or its shares cannot add up to 1.
    MissingExtraError
        If a library that the model needs is not installed.

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
        # The default is what ships, even where a folder of that name lies about.
        self.bundle: Bundle = load_bundle(bundled_models()[DEFAULT_MODEL] if model is None else find_bundle(model))
        self._pool = InferencePool(self.bundle, threads=self._threads)
        self._model = ModelName(self.bundle.name, self.bundle.version)
        self._offset_model, self._threshold = self.bundle.offset_model, self.bundle.threshold
        self._prior = dict(prior) if isinstance(prior, Mapping) else prior
        frequencies = self.bundle.frequencies
        chosen = self.bundle.prior if self._prior is None else self._prior
        self._shares = resolve_prior(chosen, self.labels, frequencies)
        self._trained = trained_shares(self.labels, frequencies)
        self.self_adaptation = self_adaptation
        self.profile = profile

    def __reduce__(self) -> tuple[Any, ...]:
        # A folder is named from the root: who unpickles it may work in another.
        is_shipped = self.bundle.folder in bundled_models().values()
        model = self.bundle.folder.name if is_shipped else self.bundle.folder.absolute()
        made_of: dict[str, Any] = {
            "threads": self._threads,
            "profile": self._profile,
            "self_adaptation": self.self_adaptation,
            "prior": self._prior,
        }
        return partial(type(self), model, **made_of), ()

    @property
    def profile(self) -> AdaptationProfile | None:
        """What all recordings are adapted to; None where each adapts to itself. May be set, also from a file."""
        return self._profile

    @profile.setter
    def profile(self, profile: AdaptationProfile | str | os.PathLike[str] | None) -> None:
        if isinstance(profile, str | os.PathLike):
            profile = AdaptationProfile.load(profile)
        if profile is not None and not isinstance(profile, AdaptationProfile):
            raise ParameterError(
                f"profile is a {type(profile).__name__}; give an AdaptationProfile, or the path of one"
            )
        self._known = None if profile is None else profile.offset(self.bundle)
        self._profile = profile

    def adapt(
        self, recordings: Iterable[Source], *, channels: Literal["mix"] | int = "mix", track: int | None = None
    ) -> AdaptationProfile:
        """Learn from unlabelled recordings what is constant in them, and adapt to it from now on.

        That is the voice where they are of one person, and the room, the line and the language where they are of many.
        One utterance helps already, twenty or more help most; they need not be of any emotion in particular. A profile
        that was learned before is replaced.

        Parameters
        ----------
        recordings : iterable of path, bytes, binary file object, (samples, sample rate), or Waveform
            Speech of one person, best by the microphone that is used later.
        channels, track
            As in `recognize`: of a call, the channel that the person is on.

        Returns
        -------
        AdaptationProfile
            To be saved, and given to a recognizer of the same model another time.

        Raises
        ------
        AudioError
            If a recording cannot be read, or nobody speaks in any.
        ProfileError
            If the model cannot be adapted.
        ParameterError
            If it is given one recording instead of several.

        Warns
        -----
        TruncatedAudioWarning
            If a file is damaged or ends early, and only a part of it was heard.

        Examples
        --------
        >>> import affetto
        >>> recognizer = affetto.Recognizer()
        >>> profile = recognizer.adapt(["examples/angry.flac", "examples/neutral.flac", "examples/surprised.flac"])
        >>> recognizer.recognize("examples/disgust.flac").adapted_to
        'profile'
        """
        self._require_adaptable()
        _require_several(recordings, "adapt")
        utterances = [u for source in recordings for u in self.predict_segments(source, channels=channels, track=track)]
        if not utterances:
            raise AudioError("nobody speaks in the recordings to adapt to; give some with speech")
        profile = AdaptationProfile.of(self.bundle, utterances)
        self.profile = profile
        return profile

    def predict_segments(
        self, source: Source, *, channels: Literal["mix"] | int = "mix", track: int | None = None
    ) -> list[SegmentPrediction]:
        """Return what the model itself makes of each utterance, adapted to nobody: for profiles, and for research.

        Parameters
        ----------
        source : path, bytes, binary file object, (samples, sample rate), or Waveform
        channels, track
            As in `recognize`.

        Returns
        -------
        list of SegmentPrediction
            None where nobody speaks.

        Raises
        ------
        AudioError, MissingExtraError
            As `recognize`.

        Warns
        -----
        TruncatedAudioWarning
            If the file is damaged or ends early, and only a part of it was heard.
        """
        rate = self._pool.sample_rate_hz
        with open_stream(source, sample_rate_hz=rate, channels=_one_channel(channels), track=track) as stream:
            segments = find_segments(stream, [SpeechSegmenter(rate)])
            utterances = [utterance for _, utterance in self._pool.predict_each(segments)]
            for remark in stream.warnings:
                warnings.warn(remark, TruncatedAudioWarning, stacklevel=2)
            return utterances

    @property
    def prior(self) -> dict[str, float]:
        """The share of each emotion, by which probabilities are weighed; those of training where it is "balanced"."""
        return dict(zip(self.labels, self._shares.tolist(), strict=True))

    @property
    def labels(self) -> tuple[str, ...]:
        """The emotions that the model knows, in the order of its probabilities."""
        return self.bundle.labels

    def recognize(
        self,
        source: Source,
        *,
        channels: Literal["mix"] | int = "mix",
        track: int | None = None,
        acoustics: bool = False,
    ) -> Recognition:
        """Recognize one recording.

        Its utterances are found and heard one by one, while it is decoded: memory does not grow with its length.

        Parameters
        ----------
        source : path, bytes, binary file object, (samples, sample rate), or Waveform
            At least 0.2 s, at 8 to 192 kHz.
        channels : "mix" or int
            The mean of all channels, or only one, counted from 1.
        track : int, optional
            One of several audio tracks, counted from 1; by default the one that players choose.
        acoustics : bool
            Measure too how the voice sounds in each segment: `Segment.acoustics`.

        Returns
        -------
        Recognition

        Raises
        ------
        AudioError
            If it cannot be read, is too short, holds values that are not numbers, or has no such channel or track.
        ParameterError
            If the channel or track is none that there could be.
        MissingExtraError
            If its format needs the extra ``formats``.
        """
        (recognition,) = self._recognize(source, _one_channel(channels), checked_track(track), acoustics=acoustics)
        return recognition

    def recognize_channels(
        self, source: Source, *, track: int | None = None, acoustics: bool = False
    ) -> tuple[Recognition, ...]:
        """Recognize each channel of a recording by itself, for example the agent and the customer of a call.

        Parameters
        ----------
        source : path, bytes, binary file object, (samples, sample rate), or Waveform
        track : int, optional
            One of several audio tracks, counted from 1; by default the one that players choose.
        acoustics : bool
            Measure too how the voice sounds in each segment: `Segment.acoustics`.

        Returns
        -------
        tuple of Recognition
            One for each channel.

        Raises
        ------
        AudioError, MissingExtraError
            As `recognize`.
        """
        return self._recognize(source, "each", checked_track(track), acoustics=acoustics)

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
            How many at a time; by default as many as there are processors that this process may use.
        channels : "mix", "each" or int
            Hear the mean of all channels, each by itself, or only one, counted from 1.
        track : int, optional
            One of several audio tracks, counted from 1; by default the one that players choose.
        acoustics : bool
            Measure too how the voice sounds in each segment: `Segment.acoustics`.

        Returns
        -------
        iterator of Recognition or Failure
            One for each source, or for each of its channels, in their order.

        Raises
        ------
        ParameterError
            If it is given one recording instead of several, or a parameter makes no sense.
        """
        _require_several(sources, "recognize_each")
        channels, track = checked_channels(channels, each=True), checked_track(track)
        workers = usable_cpus() if jobs is None else whole_number(jobs, name="jobs")
        return self._each(sources, workers, channels, track, acoustics=acoustics)

    def _each(
        self, sources: Iterable[Source], workers: int, channels: Channels, track: int | None, *, acoustics: bool
    ) -> Iterator[Recognition | Failure]:
        # Several recordings at a time leave no processor idle: threads within each would only wait for one another.
        threads = None if workers == 1 else 1

        def recognized(source: Source) -> tuple[Recognition | Failure, ...]:
            return self._recognize_or_fail(source, channels, track, acoustics=acoustics, threads=threads)

        for outcomes in map_in_order(recognized, sources, workers=workers):
            yield from outcomes

    def stream(self, chunks: Iterable[ArrayLike], *, sample_rate_hz: float) -> Iterator[Segment]:
        """Recognize sound while it arrives.

        Several streams may run side by side on one recognizer. The segments are those that `recognize` finds in the
        whole.

        Parameters
        ----------
        chunks : iterable of array-like, shape (n_samples,) or (n_samples, n_channels)
            Pieces of any size, floats with full scale 1 or integers; channels are averaged.
        sample_rate_hz : float
            Samples in a second, 8,000 to 192,000.

        Returns
        -------
        iterator of Segment
            Each utterance, about half a second after it ends; its times count from the beginning of the stream.

        Raises
        ------
        AudioError
            If the rate or a chunk makes no sense.

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
        live = self.listen(sample_rate_hz=sample_rate_hz, keep=False)  # now: what is wrong with the rate shows at once

        def heard() -> Iterator[Segment]:
            for chunk in chunks:
                yield from live.push(chunk)
            end = live.end()
            yield from end.segments
            for remark in end.warnings:
                warnings.warn(remark, TruncatedAudioWarning, stacklevel=2)

        return heard()

    def listen(self, *, sample_rate_hz: float, keep: bool = True) -> LiveRecognition:
        """Begin to recognize sound that arrives piece by piece, where `stream` gives too little.

        Parameters
        ----------
        sample_rate_hz : float
            Samples in a second, 8,000 to 192,000.
        keep : bool
            Whether the result in the end holds all segments; if not, only those that are not out before, and memory
            does not grow however long the sound goes on.

        Returns
        -------
        LiveRecognition
            Tells also whether somebody speaks now and what can be said of an utterance that is not over, and gives a
            `Recognition` of the whole in the end.

        Raises
        ------
        AudioError
            If the rate makes no sense.
        """
        rate = self._pool.sample_rate_hz
        return LiveRecognition(
            StreamResampler(sample_rate_hz, rate),
            SpeechSegmenter(rate),
            listen=self._pool.predict,
            answers=self._new_answers(),
            summarize=self._summary,
            keep=keep,
        )

    def _require_adaptable(self) -> None:
        if self._offset_model is None:
            raise ProfileError(
                f"the model {self.bundle.name} cannot be adapted; take one that can, such as {DEFAULT_MODEL}"
            )

    def _recognize(
        self, source: Source, channels: Channels, track: int | None, *, acoustics: bool, threads: int | None = None
    ) -> tuple[Recognition, ...]:
        rate = self._pool.sample_rate_hz
        with open_stream(source, sample_rate_hz=rate, channels=channels, track=track) as stream:
            segmenters = [SpeechSegmenter(rate) for _ in range(stream.n_channels)]
            segments: list[list[Segment]] = [[] for _ in segmenters]
            answers = [self._new_answers() for _ in segmenters]
            found = find_segments(stream, segmenters)
            for number, utterance in self._pool.predict_each(found, acoustics=acoustics, threads=threads):
                segments[number].append(answers[number].add(utterance))
        if stream.position_s < MIN_DURATION_S:
            raise AudioError(
                f"{stream.name} is {stream.position_s:.3g} s long; at least {MIN_DURATION_S:g} s of speech are needed"
            )
        if acoustics:
            from affetto.acoustics.measurement import compare_loudness

            segments = [compare_loudness(found) for found in segments]
        only = None if isinstance(channels, str) else channels
        return tuple(
            self._summary(
                segments[number],
                answers[number],
                source=stream.name,
                duration_s=stream.position_s,
                loudest_dbfs=segmenter.loudest_dbfs,
                channel=number + 1 if channels == "each" else only,
                track=track,
                warnings=stream.warnings,
            )
            for number, segmenter in enumerate(segmenters)
        )

    def _summary(
        self,
        segments: list[Segment],
        answers: ResultAggregator,
        *,
        source: str,
        duration_s: float,
        loudest_dbfs: float,
        channel: int | None = None,
        track: int | None = None,
        warnings: tuple[str, ...] = (),
    ) -> Recognition:
        status: Status = "no_speech"
        emotion, confidence, probabilities, reason = None, None, dict[str, float](), None
        arousal, valence = None, None
        if answers.speech_s:
            status, emotion, confidence, probabilities, arousal, valence = answers.overall()
        elif loudest_dbfs < SILENCE_DBFS:
            reason = f"silence: nothing is louder than {-SILENCE_DBFS:g} dB below full scale"
        else:
            reason = "no voice: there is sound, such as noise or music, but nobody speaks in it"
        return Recognition(
            source=source,
            duration_s=round(duration_s, 3),
            status=status,
            emotion=emotion,
            confidence=confidence,
            probabilities=probabilities,
            arousal=arousal,
            valence=valence,
            segments=tuple(segments),
            model=self._model,
            reason=reason,
            channel=channel,
            track=track,
            warnings=warnings,
            adapted_to=answers.adapted_to if answers.speech_s else None,
        )

    def _recognize_or_fail(
        self, source: Source, channels: Channels, track: int | None, *, acoustics: bool, threads: int | None
    ) -> tuple[Recognition | Failure, ...]:
        name = source_name(source)
        try:
            return self._recognize(source, channels, track, acoustics=acoustics, threads=threads)
        except AffettoError as error:
            return (Failure(name, str(error)),)
        except Exception as error:  # whatever one recording does, the others get their answer
            return (Failure(name, f"{name} cannot be recognized: {type(error).__name__}: {error}"),)

    def _new_answers(self) -> ResultAggregator:
        adapts = self._known is not None or self.self_adaptation
        adapter = OnlineAdapter(self._offset_model if adapts else None, self._known)
        return ResultAggregator(self.labels, self._threshold, adapter, self._shares, self._trained)


def _one_channel(channels: object) -> Channels:
    """Return a choice of channels that gives one result, or say that it is none."""
    if isinstance(channels, str) and channels == "each":
        raise ParameterError("channels is 'each'; choose 'mix' or a channel's number, or call recognize_channels")
    return checked_channels(channels, each=False)


def _require_several(sources: object, name: str) -> None:
    """Refuse a single recording: iterated over, it would fall into letters, lines or samples."""
    is_samples = isinstance(sources, tuple) and len(sources) == 2 and isinstance(sources[1], Real)
    is_samples |= isinstance(sources, np.ndarray) and sources.dtype.kind in "biufc"
    single = (str, bytes, bytearray, memoryview, os.PathLike, Waveform)
    if isinstance(sources, single) or hasattr(sources, "read") or is_samples:
        raise ParameterError(f"{name} takes several recordings; put a single one into a list")
    if hasattr(sources, "columns"):
        raise ParameterError(f"{name} takes several recordings; give the column of the table that holds them")
