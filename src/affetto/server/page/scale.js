/** Places in time, for CSS. */

/**
 * Where a stretch of time lies, as shares of the whole, up to its end: style.css places elements by them.
 *
 * @param {{start_s: number, end_s: number}} stretch
 * @param {number} duration_s
 * @returns {{"--from": number, "--to": number}}
 */
export function place({ start_s, end_s }, duration_s) {
  return { "--from": start_s / duration_s, "--to": Math.min(1, end_s / duration_s) };
}
