/** The recognizer: samples in, emotions out. It runs wherever ONNX Runtime for JavaScript does. */

import { OffsetModel } from "./adaptation.mjs";
import { applyPrior, dimensions, priorFactors } from "./probabilities.mjs";
import { findSegments, SAMPLE_RATE_HZ } from "./segmenter.mjs";

const FORMAT_VERSION = 1;
const REMEMBERED = 60; // segments to adapt to: those before may be of another speaker

export { SAMPLE_RATE_HZ };

/**
 * The fields of manifest.json that a recognizer needs.
 *
 * @typedef {object} Manifest
 * @property {number} format_version
 * @property {string} name
 * @property {{kind: string}} input
 * @property {string[]} labels
 * @property {{sha256: string}} model
 * @property {number[]} [frequencies]
 * @property {{threshold: number}} [calibration]
 * @property {import("./probabilities.mjs").Prior} [prior]
 * @property {import("./adaptation.mjs").OffsetParameters} [offset_model]
 *
 * @typedef {object} Answer
 * @property {"ok" | "uncertain"} status
 * @property {string} emotion the most probable one
 * @property {number} confidence its probability
 * @property {Object<string, number>} probabilities
 * @property {number} arousal from -1, calm, to 1, excited
 * @property {number} valence from -1, unpleasant, to 1, pleasant
 *
 * @typedef {Answer & {start_s: number, end_s: number}} Segment
 *
 * @typedef {object} Recognition its other fields are those of an `Answer`, unless nobody speaks
 * @property {"ok" | "uncertain" | "no_speech"} status
 * @property {number} duration_s
 * @property {Segment[]} segments
 * @property {"profile" | "recording" | null} adapted_to
 */

export class Recognizer {
  #ort;
  #model;
  #detector;
  #manifest;
  #frequencies;
  #offsetModel;

  /**
   * @param {object} parts
   * @param {any} parts.ort ONNX Runtime: the module onnxruntime-node or onnxruntime-web
   * @param {any} parts.model a session with model.onnx
   * @param {any} parts.detector a session with voice_activity.onnx
   * @param {Manifest} parts.manifest the content of manifest.json
   */
  constructor({ ort, model, detector, manifest }) {
    if (manifest.format_version !== FORMAT_VERSION || manifest.input.kind !== "waveform") {
      throw new Error("the manifest is not of a model that takes samples; write one by `affetto models --portable`");
    }
    this.#ort = ort;
    this.#model = model;
    this.#detector = detector;
    this.#manifest = manifest;
    this.#frequencies = manifest.frequencies ?? manifest.labels.map(() => 1);
    this.#offsetModel = manifest.offset_model && new OffsetModel(manifest.offset_model, this.#frequencies);
  }

  /**
   * Recognize a whole recording.
   *
   * @param {Float32Array} samples mono, at 16 kHz, with full scale 1
   * @param {object} [options]
   * @param {import("./probabilities.mjs").Prior} [options.prior] by default the model's own
   * @param {any} [options.profile] the content of a file from `affetto adapt`, to adapt to
   * @param {(segment: Segment) => void | Promise<void>} [options.onSegment] receives each segment as soon as it is recognized
   * @returns {Promise<Recognition>}
   */
  async recognize(samples, { prior = this.#manifest.prior ?? "balanced", profile, onSegment } = {}) {
    const { labels } = this.#manifest;
    const factors = priorFactors(prior, labels, this.#frequencies);
    const profileOffset = profile && this.#offsetOf(profile);
    const before = [];
    const segments = [];
    const sums = { balanced: labels.map(() => 0), answered: labels.map(() => 0) };
    for (const { start, end, padded } of await findSegments(this.#ort, this.#detector, samples)) {
      const { probabilities, embedding } = await this.predict(padded);
      const offset = profileOffset ?? (this.#offsetModel && before.length ? this.#offsetModel.learn(before) : null);
      const balanced = offset ? this.#offsetModel.probabilities(embedding, offset) : probabilities;
      const answered = applyPrior(balanced, factors);
      before.push(embedding);
      if (before.length > REMEMBERED) before.shift();
      const [start_s, end_s] = [start, end].map((sample) => milliseconds(sample / SAMPLE_RATE_HZ));
      const segment = { start_s, end_s, ...this.#answer(answered, balanced) };
      segments.push(segment);
      labels.forEach((_, i) => {
        sums.balanced[i] += (end_s - start_s) * balanced[i];
        sums.answered[i] += (end_s - start_s) * answered[i];
      });
      await onSegment?.(segment);
    }
    const adapted_to = profileOffset ? "profile" : this.#offsetModel && segments.length > 1 ? "recording" : null;
    const duration_s = milliseconds(samples.length / SAMPLE_RATE_HZ);
    if (!segments.length) return { status: "no_speech", duration_s, segments, adapted_to: null };
    const total = sums.balanced.reduce((a, b) => a + b);
    const [answered, balanced] = [sums.answered, sums.balanced].map((of) => of.map((value) => value / total));
    return { ...this.#answer(answered, balanced), duration_s, segments, adapted_to };
  }

  /**
   * Run the model on one segment, without adaptation and prior.
   *
   * @param {Float32Array} samples mono, at 16 kHz
   * @returns {Promise<{probabilities: Float32Array, embedding?: Float32Array}>}
   */
  async predict(samples) {
    const output = await this.#model.run({ samples: new this.#ort.Tensor("float32", samples, [1, samples.length]) });
    return { probabilities: output.probabilities.data, embedding: output.embedding?.data };
  }

  #offsetOf(profile) {
    if (profile.model?.sha256 !== this.#manifest.model.sha256) {
      throw new Error(`the profile was made with another model than ${this.#manifest.name}; make one for this model`);
    }
    return this.#offsetModel.learn(profile.embeddings);
  }

  /** @returns {Answer} */
  #answer(probabilities, balanced) {
    const { labels, calibration } = this.#manifest;
    const confidence = Math.max(...probabilities);
    return {
      status: confidence >= (calibration?.threshold ?? 0) ? "ok" : "uncertain",
      emotion: labels[probabilities.indexOf(confidence)],
      confidence,
      probabilities: Object.fromEntries(labels.map((label, i) => [label, probabilities[i]])),
      ...dimensions(labels, balanced),
    };
  }
}

function milliseconds(seconds) {
  return Math.round(seconds * 1000) / 1000;
}
