/** Decoding a recording for the waveform. */

const RATE_HZ = 8000; // enough for a picture, and little memory for long recordings
// How exact the waveform is: short recordings fill a wide screen, long ones still show words when enlarged.
const LEAST_PEAKS = 2000;
const PEAKS_PER_S = 25;

/**
 * @typedef {object} Sound
 * @property {number} duration_s
 * @property {Float32Array[]} peaks the waveform of each channel, from -1 to 1
 */

/**
 * Decode a recording; null where the browser does not know the format.
 *
 * @param {Blob} blob
 * @returns {Promise<Sound | null>}
 */
export async function decode(blob) {
  try {
    const context = new OfflineAudioContext(1, 1, RATE_HZ);
    const buffer = await context.decodeAudioData(await blob.arrayBuffer());
    const channels = Array.from({ length: buffer.numberOfChannels }, (_, i) => buffer.getChannelData(i));
    return { duration_s: buffer.duration, peaks: channels.map(peaks) };
  } catch {
    return null;
  }
}

/**
 * The waveform of all channels together: of each moment the largest peak.
 *
 * @param {Float32Array[]} channels
 * @returns {Float32Array}
 */
export function together(channels) {
  return channels[0].map((_, i) =>
    channels.map((channel) => channel[i]).reduce((a, b) => (Math.abs(a) > Math.abs(b) ? a : b)),
  );
}

/**
 * The largest sample, with its sign, of each of many equal pieces.
 *
 * @param {Float32Array} samples
 * @returns {Float32Array}
 */
function peaks(samples) {
  const found = new Float32Array(
    Math.min(samples.length, Math.max(LEAST_PEAKS, (samples.length / RATE_HZ) * PEAKS_PER_S)),
  );
  for (let i = 0; i < found.length; i++) {
    const end = Math.floor(((i + 1) * samples.length) / found.length);
    for (let j = Math.floor((i * samples.length) / found.length); j < end; j++) {
      if (Math.abs(samples[j]) > Math.abs(found[i])) found[i] = samples[j];
    }
  }
  return found;
}
