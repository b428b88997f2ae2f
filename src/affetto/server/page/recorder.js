/** Recording a voice, and then analysing it. */

import { MicrophonePanel } from "./microphone-panel.js";
import { texts } from "./texts.js";

/** @import { Microphone } from "./microphone.js" */
/** @import { Results } from "./results.js" */
/** @import { Recording } from "./types.js" */

/**
 * Let a button record.
 *
 * @param {HTMLElement} button
 * @param {HTMLElement} section where the panel opens
 * @param {Results} results
 */
export function startRecorder(button, section, results) {
  button.addEventListener("click", async () => {
    const panel = new MicrophonePanel(section, button, {
      title: texts.microphone.recordTitle,
      stop: texts.microphone.stopRecord,
    });
    panel.discard.addEventListener("click", () => panel.close());
    try {
      const microphone = await panel.open();
      if (!microphone) return;
      panel.stop.addEventListener("click", async () => {
        await panel.close();
        results.analyse(recordingOf(microphone, texts.results.recorded));
      });
    } catch (error) {
      panel.fail(/** @type {Error} */ (error).message);
    }
  });
}

/**
 * What a microphone heard until now.
 *
 * @param {Microphone} microphone
 * @param {string} kind
 * @returns {Recording}
 */
export function recordingOf(microphone, kind) {
  const time = new Intl.DateTimeFormat(texts.language, { timeStyle: "medium", hourCycle: "h23" }).format(new Date());
  return { name: `${kind}, ${time}`, blob: microphone.recording(), isUnsaved: true };
}
