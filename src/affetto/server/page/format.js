/** Numbers and names as text. */

import { texts } from "./texts.js";

/**
 * A time as minutes and seconds, with hours where there are any: 65 is "1:05".
 *
 * @param {number} seconds
 * @param {number} [decimals]
 * @returns {string}
 */
export function clock(seconds, decimals = 0) {
  const unit = 10 ** decimals;
  const units = Math.round(seconds * unit);
  const whole = Math.floor(units / unit);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  const text = hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
  return decimals ? `${text}.${String(units % unit).padStart(decimals, "0")}` : text;
}

/**
 * From when to when a segment lasts.
 *
 * @param {{start_s: number, end_s: number}} segment
 * @returns {string}
 */
export function span(segment) {
  return `${clock(segment.start_s, 1)} – ${clock(segment.end_s, 1)}`;
}

/**
 * The name of a file without its ending.
 *
 * @param {string} name
 * @returns {string}
 */
export function stem(name) {
  return name.replace(/\.\w{1,5}$/, "");
}

/**
 * @param {number} share from 0 to 1
 * @returns {string}
 */
export function percent(share) {
  return new Intl.NumberFormat(texts.language, { style: "percent" }).format(share);
}

/**
 * @param {number} value
 * @param {number} [decimals]
 * @returns {string}
 */
export function decimal(value, decimals = 0) {
  return new Intl.NumberFormat(texts.language, {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  }).format(value);
}

/**
 * The times that an axis names.
 *
 * @param {number} duration_s
 * @param {number} most
 * @returns {number[]}
 */
export function ticks(duration_s, most) {
  const steps = [0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];
  const step = steps.find((candidate) => duration_s < candidate * most) ?? 7200;
  return Array.from({ length: Math.floor(duration_s / step) + 1 }, (_, i) => i * step);
}
