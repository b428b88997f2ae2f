/** Priors, arousal and valence, as `affetto.adaptation.prior` and `affetto.recognition.dimensions` compute them. */

const NAMED = { balanced: {}, everyday: { neutral: 0.7 } };
const AROUSAL = { angry: 1, happy: 1, fearful: 1, surprised: 1, neutral: -1, calm: -1, sad: -1 };
const VALENCE = { happy: 1, angry: -1, sad: -1, fearful: -1, disgust: -1 };
const REST = 0.3; // the weight of emotions without a side

/**
 * How frequent each emotion is: "balanced", "everyday", or the shares of some emotions.
 *
 * @typedef {"balanced" | "everyday" | Object<string, number>} Prior
 */

/**
 * The factor by which a prior multiplies the probability of each emotion, before the sum becomes 1 again.
 *
 * @param {Prior} prior
 * @param {string[]} labels
 * @param {number[]} frequencies how frequent training took each emotion to be
 * @returns {number[]}
 */
export function priorFactors(prior, labels, frequencies) {
  const given = typeof prior === "string" ? NAMED[prior] : prior;
  if (!given) throw new RangeError(`the prior is ${prior}; give "balanced", "everyday", or the shares of emotions`);
  const unknown = Object.keys(given).filter((emotion) => !labels.includes(emotion));
  if (unknown.length) throw new RangeError(`the prior names ${unknown}; the model knows ${labels.join(", ")}`);
  const shares = Object.values(given);
  const rest = 1 - sum(shares);
  const unnamed = sum(frequencies.filter((_, i) => !(labels[i] in given)));
  if (shares.some((share) => !(share >= 0)) || rest < -1e-6 || (unnamed === 0 && rest > 1e-6)) {
    throw new RangeError(`the shares of the prior are ${shares}; give numbers from 0 that add up to 1 at most`);
  }
  return labels.map((label, i) => (label in given ? given[label] / frequencies[i] : Math.max(rest, 0) / unnamed));
}

/**
 * Probabilities under a prior.
 *
 * @param {ArrayLike<number>} probabilities
 * @param {number[]} factors from `priorFactors`
 * @returns {number[]}
 */
export function applyPrior(probabilities, factors) {
  const weighted = factors.map((factor, i) => factor * probabilities[i]);
  const total = sum(weighted);
  return weighted.map((value) => value / total);
}

/**
 * Arousal and valence, each from -1 to 1.
 *
 * @param {string[]} labels
 * @param {ArrayLike<number>} probabilities before the prior
 */
export function dimensions(labels, probabilities) {
  return { arousal: contrast(labels, probabilities, AROUSAL), valence: contrast(labels, probabilities, VALENCE) };
}

function contrast(labels, probabilities, sides) {
  const onSide = (side) => sum(labels.map((label, i) => ((sides[label] ?? 0) === side ? probabilities[i] : 0)));
  const [positive, negative] = [onSide(1), onSide(-1)];
  return labels.some((label) => label in sides) ? (positive - negative) / (positive + negative + REST * onSide(0)) : 0;
}

function sum(values) {
  return values.reduce((a, b) => a + b, 0);
}
