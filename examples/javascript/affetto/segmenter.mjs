/** Voice activity detection: from samples to segments of speech, as `affetto.preprocessing.vad` finds them. */

import { resample } from "./resample.mjs";

export const SAMPLE_RATE_HZ = 16_000;

// The detector receives the sound slowed down: in 20,000 samples a second, of which it believes that they are 16,000.
const SLOWED_RATE_HZ = 20_000;
const FRAME = 512; // samples of the slowed sound
const CONTEXT = 64; // samples before a frame that the detector receives, too
const BATCH = 32; // frames
const STATE = [1, 1, 128];
const QUIET_POWER = 10 ** (-45 / 10); // below it the detector misses speech, and amplified sound is tried, too
const QUIET_GAIN = 10;

const FRAME_AT_16_KHZ = (FRAME * SAMPLE_RATE_HZ) / SLOWED_RATE_HZ;
const FRAME_S = FRAME / SLOWED_RATE_HZ;
const ONSET = 0.4; // a segment begins above this probability of speech
const OFFSET = 0.3; // and pauses up to this one
const PAUSE = Math.ceil(0.31 / FRAME_S); // frames of a pause that ends a segment
const MARGIN = Math.round(0.06 / FRAME_S); // frames that are kept around the speech
const BEFORE = Math.round(1 / FRAME_S); // frames before the speech in which breaths are looked for
const MIN_SPEECH = 0.15 / FRAME_S; // the least sum of probabilities
const MAX_FRAMES = Math.floor(15 / FRAME_S) - 2 * MARGIN;

const HOP = 160; // samples, 10 ms
const QUIET_RATIO = 10 ** (-40 / 10); // of the background to the loudest frame of the speech
const AUDIBLE_RATIO = 10 ** (-30 / 10);
const SILENCE = 10; // hops

/**
 * @typedef {object} SpeechSegment
 * @property {number} start the first sample
 * @property {number} end the sample after the last
 * @property {Float32Array} padded the samples for the model: the segment, and breaths and sobs beside it
 */

/**
 * Find the segments of speech in a whole recording.
 *
 * @param {any} ort ONNX Runtime
 * @param {any} detector a session with voice_activity.onnx
 * @param {Float32Array} samples at 16 kHz
 * @returns {Promise<SpeechSegment[]>}
 */
export async function findSegments(ort, detector, samples) {
  const probabilities = await speechProbabilities(ort, detector, resample(samples, SAMPLE_RATE_HZ, SLOWED_RATE_HZ));
  return findSpans(probabilities).map((span) => {
    const [start, end, first, last] = [span.start, span.end, span.paddedStart, span.paddedEnd].map((frame) =>
      Math.min(Math.round(frame * FRAME_AT_16_KHZ), samples.length),
    );
    const [before, after] = audibleAround(samples.subarray(first, last), start - first, end - first);
    return { start, end, padded: samples.slice(start - before, end + after) };
  });
}

/** The probability of speech in each frame of the slowed sound. */
async function speechProbabilities(ort, detector, sound) {
  const nFrames = Math.ceil(sound.length / FRAME);
  const padded = new Float32Array(CONTEXT + nFrames * FRAME);
  padded.set(sound, CONTEXT);
  const probabilities = new Float32Array(nFrames);
  const network = recurrent(ort, detector);
  const networkForQuiet = recurrent(ort, detector);
  let greatestPower = 0;
  for (let first = 0; first < nFrames; first += BATCH) {
    const frames = Array.from({ length: Math.min(BATCH, nFrames - first) }, (_, i) =>
      padded.subarray((first + i) * FRAME, (first + i + 1) * FRAME + CONTEXT),
    );
    probabilities.set(await network(frames), first);
    const quiet = frames.filter((frame) => {
      greatestPower = Math.max(greatestPower, variance(frame));
      return greatestPower < QUIET_POWER; // once it is reached, it stays
    });
    if (quiet.length) {
      const amplified = await networkForQuiet(quiet.map((frame) => frame.map((sample) => QUIET_GAIN * sample)));
      amplified.forEach((p, i) => (probabilities[first + i] = Math.max(probabilities[first + i], p)));
    }
  }
  return probabilities;
}

/** The detector with a state of its own, which goes on from one batch of frames to the next. */
function recurrent(ort, detector) {
  let [h, c] = [0, 0].map(() => new ort.Tensor("float32", new Float32Array(128), STATE));
  return async (frames) => {
    const input = new Float32Array(frames.length * (CONTEXT + FRAME));
    frames.forEach((frame, i) => input.set(frame, i * (CONTEXT + FRAME)));
    const output = await detector.run({
      input: new ort.Tensor("float32", input, [frames.length, CONTEXT + FRAME]),
      h,
      c,
    });
    [h, c] = [output.hn, output.cn];
    return output.speech_probs.data;
  };
}

/**
 * Find the frames of each segment of speech.
 *
 * @param {Float32Array} probabilities of speech
 * @returns {{start: number, end: number, paddedStart: number, paddedEnd: number}[]}
 */
function findSpans(probabilities) {
  const spans = [];
  let free = 0; // the first frame after the last segment
  let start = -1; // of the speech of the ongoing segment; -1 if there is none
  let end = 0; // of its speech so far

  const sum = (first, last) => probabilities.subarray(first, last).reduce((a, b) => a + b, 0);
  const add = (last, paddedLast, nFrames) => {
    const first = Math.max(free, start - MARGIN);
    // Frames nearer to the segment before may hold another speaker's breath.
    const nearer = free ? Math.floor((free + first) / 2) : 0;
    spans.push({
      start: first,
      end: Math.min(last, nFrames),
      paddedStart: Math.max(nearer, start - BEFORE),
      paddedEnd: Math.min(paddedLast, nFrames),
    });
    free = spans.at(-1).end;
  };
  const finish = (nFrames) => {
    if (start >= 0 && sum(start, end) >= MIN_SPEECH) add(end + MARGIN, end + PAUSE, nFrames);
    start = -1;
  };
  // A long segment is cut where speech is least probable, in its second half; the rest begins the next one.
  const cut = (nFrames) => {
    let [quietest, least] = [0, Infinity];
    for (let frame = start + Math.floor(MAX_FRAMES / 2); frame < nFrames - 2; frame++) {
      const total = sum(frame - 2, frame + 3);
      if (total < least) [quietest, least] = [frame, total];
    }
    add(quietest, quietest, nFrames);
    start = quietest;
    end = Math.max(end, quietest); // speech may have ended before the cut
  };

  probabilities.forEach((probability, frame) => {
    if (start < 0 && probability <= ONSET) return;
    if (start < 0) start = frame;
    if (probability > OFFSET) end = frame + 1;
    if (frame + 1 - end >= PAUSE) finish(frame + 1);
    else if (frame + 1 - start >= MAX_FRAMES) cut(frame + 1);
  });
  finish(probabilities.length);
  return spans;
}

/**
 * How many samples before and after a segment hold breaths and sobs: none in noise, or if something beside the segment
 * is louder than the segment.
 */
function audibleAround(sound, start, end) {
  const energy = frameEnergy(sound);
  const isWithin = (hop) => start <= hop * HOP + HOP / 2 && hop * HOP + HOP / 2 < end;
  const within = [...energy.keys()].filter(isWithin);
  const around = energy.filter((_, hop) => !isWithin(hop)).sort();
  if (!within.length || !around.length) return [0, 0];
  const loudest = Math.max(...within.map((hop) => energy[hop]));
  const median = (around[(around.length - 1) >> 1] + around[around.length >> 1]) / 2;
  if (around[around.length - 1] > loudest || median >= loudest * QUIET_RATIO) return [0, 0];
  const audible = Array.from(energy, (power) => power > loudest * AUDIBLE_RATIO);
  const [first, last] = [within[0], within[within.length - 1]];
  const paddedStart = (first - attached(audible.slice(0, first).reverse())) * HOP;
  const paddedEnd = (last + 1 + attached(audible.slice(last + 1))) * HOP;
  return [Math.max(0, start - paddedStart), Math.max(0, Math.min(sound.length, paddedEnd) - end)];
}

/** The number of hops up to the last audible one before a longer silence. */
function attached(audible) {
  let n = 0;
  audible.forEach((isAudible, hop) => {
    if (isAudible && hop - n <= SILENCE) n = hop + 1;
  });
  return n;
}

/** The mean power, without the mean, of the 30 ms around each hop. */
function frameEnergy(sound) {
  const mean = sound.reduce((a, b) => a + b, 0) / sound.length;
  return Float64Array.from({ length: Math.ceil(sound.length / HOP) }, (_, hop) => {
    const frame = sound.subarray(Math.max(0, (hop - 1) * HOP), (hop + 2) * HOP);
    return frame.reduce((power, sample) => power + (sample - mean) ** 2, 0) / frame.length;
  });
}

function variance(frame) {
  const mean = frame.reduce((a, b) => a + b, 0) / frame.length;
  return frame.reduce((power, sample) => power + (sample - mean) ** 2, 0) / frame.length;
}
