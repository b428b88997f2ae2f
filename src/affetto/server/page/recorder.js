/** Recording a voice, and then analysing it. */

import { MicrophonePanel } from "./microphone-panel.js";
import { texts } from "./texts.js";

/** @import { Results } from "./results.js" */

/**
 * Let a button record.
 *
 * @param {HTMLElement} button
 * @param {HTMLElement} section where the panel opens
 * @param {Results} results
 */
export function startRecorder(button, section, results) {
  button.addEventListener("click", async () => {
    const panel = new MicrophonePanel(section, {
      title: texts.microphone.recordTitle,
      stop: texts.microphone.stopRecord,
    });
    panel.discard.addEventListener("click", () => panel.close());
    try {
      const microphone = await panel.open();
      if (!microphone) return;
      panel.stop.addEventListener("click", async () => {
        await panel.close();
        results.analyse({ name: recordingName(texts.results.recorded), blob: microphone.recording() });
      });
    } catch (error) {
      panel.fail(/** @type {Error} */ (error).message);
    }
  });
}

/**
 * The name of a recording made now.
 *
 * @param {string} kind
 * @returns {string}
 */
export function recordingName(kind) {
  const time = new Intl.DateTimeFormat(texts.language, { timeStyle: "medium", hourCycle: "h23" }).format(new Date());
  return `${kind}, ${time}`;
}
