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
 * @property {string | null} [reason]
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
 * @property {string[]} warnings
 * @property {string | null} adapted_to
 *
 * What was given to the page.
 *
 * @typedef {object} Recording
 * @property {string} name
 * @property {Blob} blob
 * @property {boolean} [isUnsaved] whether only the page has it
 *
 * How it is to be recognized.
 *
 * @typedef {object} Options
 * @property {string} channels "mix", "each", or the number of one
 * @property {string} prior the empty text is that of the server
 * @property {File | null} transcript
 * @property {File | null} speakers
 */

export {};
