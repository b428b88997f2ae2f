/** Change of the sample rate, as soxr's HQ does it: a windowed sinc, flat up to 0.91 of the lower Nyquist frequency. */

const KAISER_BETA = 12.3; // what is above the lower Nyquist frequency is attenuated by 120 dB
const CUTOFF = 0.9565; // of the lower Nyquist frequency: the middle of the transition
const HALF_WIDTH = 90; // samples of the lower rate on each side

/**
 * @param {Float32Array} samples
 * @param {number} fromHz a whole number
 * @param {number} toHz a whole number
 * @returns {Float32Array}
 */
export function resample(samples, fromHz, toHz) {
  if (fromHz === toHz) return samples;
  const divisor = greatestCommonDivisor(fromHz, toHz);
  const [up, down] = [toHz / divisor, fromHz / divisor];
  const half = Math.ceil(HALF_WIDTH * Math.max(1, fromHz / toHz));
  const filters = Array.from({ length: up }, (_, phase) => filter(phase / up, half, Math.min(1, toHz / fromHz)));
  const resampled = new Float32Array(Math.round((samples.length * toHz) / fromHz));
  for (let n = 0; n < resampled.length; n++) {
    const taps = filters[(n * down) % up];
    const first = Math.floor((n * down) / up) - half + 1;
    let sum = 0;
    for (let k = Math.max(0, -first), last = Math.min(taps.length, samples.length - first); k < last; k++) {
      sum += taps[k] * samples[first + k];
    }
    resampled[n] = sum;
  }
  return resampled;
}

/** The weights of the samples around a point that lies `fraction` of a sample behind one of them. */
function filter(fraction, half, bandwidth) {
  const taps = Float64Array.from({ length: 2 * half }, (_, k) => {
    const distance = k - half + 1 - fraction;
    const x = Math.PI * CUTOFF * bandwidth * distance;
    const window = bessel(KAISER_BETA * Math.sqrt(Math.max(0, 1 - (distance / half) ** 2)));
    return (x === 0 ? 1 : Math.sin(x) / x) * window;
  });
  const sum = taps.reduce((a, b) => a + b);
  return taps.map((tap) => tap / sum);
}

/** The modified Bessel function of the first kind, of order 0. */
function bessel(x) {
  let [term, sum] = [1, 1];
  for (let k = 1; term > sum * 1e-12; k++) sum += term *= (x / 2 / k) ** 2;
  return sum;
}

function greatestCommonDivisor(a, b) {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
