/** "Why": the acoustic measures of a part beside those of neutral speech. */

import { h } from "./dom.js";
import { decimal, percent } from "./format.js";
import { texts } from "./texts.js";

/** @import { Segment } from "./types.js" */

/**
 * The 10th and 90th percentile of neutral speech, for low and for high voices: `affetto.acoustics.reference`, which the
 * tests compare with this.
 *
 * @type {Record<string, {low: [number, number], high: [number, number]}>}
 */
export const NEUTRAL = {
  f0_hz: { low: [94, 148], high: [179, 235] },
  f0_range_semitones: { low: [6, 15], high: [5, 13] },
  loudness_range_db: { low: [16, 22], high: [18, 22] },
  articulation_rate_syllables_per_s: { low: [3.7, 5.7], high: [4, 5.2] },
  spectral_centroid_hz: { low: [321, 542], high: [336, 614] },
};

/** What the scales show, wide enough for lively voices. */
const SCALES = /** @type {Record<string, [number, number]>} */ ({
  f0_hz: [60, 400],
  f0_range_semitones: [0, 30],
  loudness_range_db: [5, 35],
  articulation_rate_syllables_per_s: [1, 9],
  spectral_centroid_hz: [100, 1200],
});

/**
 * @param {Segment} segment
 * @returns {HTMLElement}
 */
export function acousticsTable({ acoustics, reason }) {
  if (!acoustics) return h("p", { class: "faint" }, reason ? texts.why.notMeasurable : texts.why.notMeasured);
  const rows = [
    pitch(acoustics.f0_hz),
    measure("f0_range_semitones", acoustics.f0_range_semitones),
    loudness(acoustics.loudness_above_average_db),
    measure("loudness_range_db", acoustics.loudness_range_db),
    measure("articulation_rate_syllables_per_s", acoustics.articulation_rate_syllables_per_s, 1),
    pauses(acoustics.pauses, acoustics.pause_share),
    measure("spectral_centroid_hz", acoustics.spectral_centroid_hz),
  ].filter((row) => row !== null);
  if (!rows.length) return h("p", { class: "faint" }, texts.why.none);
  return h("dl", { class: "measures" }, rows);
}

/**
 * Pitch has two ranges: one of low and one of high voices.
 *
 * @param {number | null | undefined} value
 * @returns {HTMLElement | null}
 */
function pitch(value) {
  if (value === null || value === undefined) return null;
  const { low, high } = NEUTRAL.f0_hz;
  const words = texts.why.measures.f0_hz;
  let said = texts.why.betweenVoices;
  if (value < low[0]) said = texts.why.than(words.low);
  else if (value <= low[1]) said = `${texts.why.within}, ${texts.why.lowVoice}`;
  else if (value > high[1]) said = texts.why.than(words.high);
  else if (value >= high[0]) said = `${texts.why.within}, ${texts.why.highVoice}`;
  return row(words.name, said, scale("f0_hz", value, [low, high]), amount("f0_hz", value, 0));
}

/**
 * @param {keyof typeof texts.why.measures} name
 * @param {number | null | undefined} value
 * @param {number} [decimals]
 * @returns {HTMLElement | null}
 */
function measure(name, value, decimals = 0) {
  if (value === null || value === undefined) return null;
  const { low, high } = NEUTRAL[name];
  const usual = /** @type {[number, number]} */ ([Math.min(low[0], high[0]), Math.max(low[1], high[1])]);
  const words = texts.why.measures[name];
  let said = texts.why.within;
  if (value < usual[0]) said = texts.why.than(words.low);
  if (value > usual[1]) said = texts.why.than(words.high);
  const range = texts.why.usual(decimal(usual[0], decimals), decimal(usual[1], decimals));
  return row(words.name, said, scale(name, value, [usual]), `${amount(name, value, decimals)} (${range})`);
}

/**
 * @param {number | null | undefined} above_db
 * @returns {HTMLElement | null}
 */
function loudness(above_db) {
  if (above_db === null || above_db === undefined) return null;
  const rounded = Math.round(above_db);
  const db = decimal(Math.abs(rounded));
  const said = rounded > 0 ? texts.why.louder(db) : rounded < 0 ? texts.why.quieter(db) : texts.why.asLoud;
  return row(texts.why.loudness, said, null, null);
}

/**
 * @param {number | null | undefined} count
 * @param {number | null | undefined} share
 * @returns {HTMLElement | null}
 */
function pauses(count, share) {
  if (count === null || count === undefined) return null;
  const said = count === 0 ? texts.why.noPauses : texts.why.pausesValue(count, percent(share ?? 0));
  return row(texts.why.pauses, said, null, null);
}

/**
 * @param {string} name
 * @param {string} said
 * @param {HTMLElement | null} picture
 * @param {string | null} figures
 * @returns {HTMLElement}
 */
function row(name, said, picture, figures) {
  return h(
    "div",
    {},
    h("dt", {}, name),
    h("dd", {}, h("span", {}, said), picture, figures && h("span", { class: "faint" }, figures)),
  );
}

/**
 * @param {keyof typeof texts.why.unit} name
 * @param {number} value
 * @param {number} decimals
 * @returns {string}
 */
function amount(name, value, decimals) {
  return `${decimal(value, decimals)} ${texts.why.unit[name]}`;
}

/**
 * A line with the usual range or ranges as bands, and a dot at the value.
 *
 * @param {string} name
 * @param {number} value
 * @param {[number, number][]} bands
 * @returns {HTMLElement}
 */
function scale(name, value, bands) {
  const [least, most] = SCALES[name];
  const place = (/** @type {number} */ x) => Math.min(1, Math.max(0, (x - least) / (most - least)));
  return h(
    "span",
    { class: "scale", "aria-hidden": "true" },
    bands.map(([from, to]) => h("span", { class: "scale-usual", style: { "--from": place(from), "--to": place(to) } })),
    h("span", { class: "scale-value", style: { "--value": place(value) } }),
  );
}
