/**
 * The answers of the server, as `Recognition.to_dict()` gives them.
 *
 * @typedef {object} Segment
 * @property {number} start_s
 * @property {number} end_s
 * @property {"ok" | "uncertain" | "no_speech"} status
 * @property {string | null} emotion
 * @property {number | null} confidence
 * @property {Record<string, number>} probabilities
 * @property {number | null} arousal
 * @property {number | null} valence
 * @property {Acoustics | null} [acoustics]
 * @property {string | null} [speaker]
 * @property {string | null} [text]
 *
 * @typedef {Record<string, any>} Acoustics
 *
 * @typedef {object} Recognition
 * @property {string} source
 * @property {number} duration_s
 * @property {"ok" | "uncertain" | "no_speech"} status
 * @property {string | null} emotion
 * @property {number | null} confidence
 * @property {Record<string, number>} probabilities
 * @property {number | null} arousal
 * @property {number | null} valence
 * @property {Segment[]} segments
 * @property {{name: string, version: string}} model
 * @property {string | null} reason
 * @property {number | null} channel
 * @property {number | null} track
 * @property {string[]} warnings
 * @property {string | null} adapted_to
 *
 * What was given to the page.
 *
 * @typedef {object} Recording
 * @property {string} name
 * @property {Blob} blob
 *
 * How it is to be recognized.
 *
 * @typedef {object} Options
 * @property {string} channels "mix", "each", or the number of one
 * @property {"" | "everyday"} prior the empty text is the model's own
 * @property {File | null} transcript
 * @property {File | null} speakers
 */

export {};
