/** Adaptation to the speaker, room and line of some segments, as `affetto.adaptation.offset_model` does it. */

const ITERATIONS = 8;
const UNSEEN = 0.05; // variance of offsets in directions in which the speakers of training do not differ
const FEWEST_TO_COUNT = 10; // segments
const SEVERAL_SPEAKERS = 0.5; // share of the largest log-likelihood ratio

/**
 * What manifest.json says of the speakers of training.
 *
 * @typedef {object} OffsetParameters
 * @property {number[][]} means of each emotion
 * @property {number[]} offset_variance
 * @property {number[]} speaker_variance
 * @property {number} temperature
 */

/**
 * What some segments have in common.
 *
 * @typedef {object} Offset
 * @property {number[]} mean
 * @property {number[]} variance
 */

export class OffsetModel {
  #means;
  #offsetVariance;
  #speakerVariance;
  #temperature;
  #logPrior;

  /**
   * @param {OffsetParameters} parameters
   * @param {number[]} frequencies how frequent training took each emotion to be
   */
  constructor(parameters, frequencies) {
    this.#means = parameters.means;
    this.#offsetVariance = parameters.offset_variance;
    this.#speakerVariance = parameters.speaker_variance;
    this.#temperature = parameters.temperature;
    this.#logPrior = frequencies.map(Math.log);
  }

  /**
   * The probability of each emotion, given an offset.
   *
   * @param {ArrayLike<number>} embedding
   * @param {Offset} offset from `learn`
   * @returns {number[]}
   */
  probabilities(embedding, offset) {
    return this.#posterior(embedding, offset, this.#temperature);
  }

  /**
   * Estimate the offset that segments share.
   *
   * @param {ArrayLike<number>[]} embeddings one or more
   * @returns {Offset}
   */
  learn(embeddings) {
    const offset = this.#learn(embeddings, this.#temperature);
    return this.#areSeveralSpeakers(embeddings, offset) ? this.#learn(embeddings, 1) : offset;
  }

  #learn(embeddings, temperature) {
    const total = this.#offsetVariance.map((_, d) => sum(embeddings.map((embedding) => embedding[d])));
    const reach = this.#offsetVariance.map((variance) => variance + UNSEEN);
    const variance = reach.map((r) => r / (1 + embeddings.length * r));
    let offset = { mean: total.map(() => 0), variance: this.#offsetVariance };
    for (let i = 0; i < ITERATIONS; i++) {
      const posteriors = embeddings.map((embedding) => this.#posterior(embedding, offset, temperature));
      const share = this.#means.map((_, emotion) => sum(posteriors.map((posterior) => posterior[emotion])));
      const explained = total.map((_, d) => sum(this.#means.map((mean, emotion) => share[emotion] * mean[d])));
      offset = { mean: total.map((value, d) => variance[d] * (value - explained[d])), variance };
    }
    return offset;
  }

  #posterior(embedding, offset, temperature) {
    const scores = this.#logDensities(embedding, offset, offset.variance).map(
      (density, emotion) => density / temperature + this.#logPrior[emotion],
    );
    const total = logSumExp(scores);
    return scores.map((score) => Math.exp(score - total));
  }

  /** Whether several people speak, by a log-likelihood ratio. */
  #areSeveralSpeakers(embeddings, offset) {
    if (embeddings.length < FEWEST_TO_COUNT) return false;
    const of = (spread) => {
      const determinant = 0.5 * sum(spread.map(Math.log1p));
      return embeddings.map((embedding) => logSumExp(this.#logDensities(embedding, offset, spread)) - determinant);
    };
    const one = of(offset.variance);
    const several = of(offset.variance.map((variance, d) => variance + this.#speakerVariance[d]));
    const largest = 0.5 * sum(this.#speakerVariance.map((v, d) => Math.log1p(v / (1 + offset.variance[d]))));
    const ratio = sum(one.map((value, i) => value - several[i])) / embeddings.length / largest;
    return largest > 0 && ratio <= SEVERAL_SPEAKERS;
  }

  /** Log-densities around the mean of each emotion, without the terms that all share. */
  #logDensities(embedding, offset, spread) {
    return this.#means.map(
      (mean) => -0.5 * sum(mean.map((value, d) => (embedding[d] - offset.mean[d] - value) ** 2 / (1 + spread[d]))),
    );
  }
}

function sum(values) {
  return values.reduce((a, b) => a + b, 0);
}

function logSumExp(values) {
  const greatest = Math.max(...values);
  return greatest + Math.log(sum(values.map((value) => Math.exp(value - greatest))));
}
