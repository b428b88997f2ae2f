/** The waveform, drawn by wavesurfer.js, with its parts coloured. */

import { emotionColour } from "./emotions.js";
import RegionsPlugin from "./vendor/wavesurfer/regions.esm.js";
import WaveSurfer from "./vendor/wavesurfer/wavesurfer.esm.js";

/** @import { Segment } from "./types.js" */

/** Wavesurfer writes the height into a style sheet, whose hash the server's policy names: one height for all. */
export const HEIGHT = 72;

const FLAT = new Float32Array(2000);

/** The colours of waveforms, which are drawn on a canvas and cannot follow the theme by themselves. */
export function colours() {
  const style = getComputedStyle(document.documentElement);
  return { waveColor: style.getPropertyValue("--wave-now"), progressColor: style.getPropertyValue("--wave-now") };
}

/**
 * Draw a waveform.
 *
 * @param {HTMLElement} container
 * @param {object} given
 * @param {Float32Array | null} given.peaks null draws a flat line
 * @param {number} given.duration_s
 * @param {Segment[]} given.segments
 * @param {(segment: Segment) => void} given.onSegment a part was clicked
 * @param {(time_s: number) => void} given.onTime another place was clicked
 * @returns {WaveSurfer}
 */
export function drawWaveform(container, { peaks, duration_s, segments, onSegment, onTime }) {
  const regions = /** @type {any} */ (RegionsPlugin.create());
  const waveform = WaveSurfer.create({
    container,
    height: HEIGHT,
    peaks: [peaks ?? FLAT],
    duration: duration_s,
    normalize: peaks !== null,
    cursorWidth: 0,
    barWidth: 2,
    barGap: 1,
    barRadius: 1,
    hideScrollbar: true,
    interact: false,
    plugins: [regions],
    ...colours(),
  });
  waveform.on("click", (/** @type {number} */ x) => onTime(x * duration_s));
  waveform.on("ready", () => {
    for (const segment of segments) {
      const region = regions.addRegion({
        start: segment.start_s,
        end: Math.min(segment.end_s, duration_s),
        color: `color-mix(in srgb, ${emotionColour(segment.emotion)} 28%, transparent)`,
        drag: false,
        resize: false,
      });
      region.on("click", (/** @type {Event} */ event) => {
        event.stopPropagation();
        onSegment(segment);
      });
    }
  });
  return waveform;
}
