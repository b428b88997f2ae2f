/** The page: a file is chosen, decoded and recognized in the browser. */

import * as ort from "../node_modules/onnxruntime-web/dist/ort.wasm.bundle.min.mjs";

import { resample } from "../affetto/resample.mjs";
import { Recognizer, SAMPLE_RATE_HZ } from "../affetto/recognizer.mjs";

const element = (id) => document.getElementById(id);

async function loadRecognizer() {
  ort.env.wasm.numThreads = 1; // more need a server that isolates the page (COOP and COEP)
  const download = async (name) => {
    const response = await fetch(`../model/${name}`);
    if (!response.ok) throw new Error(`${name} is missing; write it by: affetto models transformer --portable model`);
    return response;
  };
  const session = async (name) =>
    ort.InferenceSession.create(new Uint8Array(await (await download(name)).arrayBuffer()));
  const manifest = await (await download("manifest.json")).json();
  return new Recognizer({
    ort,
    manifest,
    model: await session("model.onnx"),
    detector: await session("voice_activity.onnx"),
  });
}

/** From now on the browser refuses every request of this page but for the sound that it plays. */
function blockConnections() {
  const policy = document.createElement("meta");
  policy.httpEquiv = "Content-Security-Policy";
  policy.content = "default-src 'none'; media-src blob:";
  document.head.append(policy);
}

/** Decode a file at its own rate, and resample it: resamplers of browsers are less exact. */
async function decode(file) {
  const bytes = await file.arrayBuffer();
  const context = new OfflineAudioContext({ length: 1, sampleRate: sampleRateOf(bytes) });
  const audio = await context.decodeAudioData(bytes);
  const channels = Array.from({ length: audio.numberOfChannels }, (_, c) => audio.getChannelData(c));
  const mean = channels[0].map((_, n) => channels.reduce((sum, channel) => sum + channel[n], 0) / channels.length);
  return resample(mean, audio.sampleRate, SAMPLE_RATE_HZ);
}

/** The rate in the header of a WAV, FLAC or Ogg Vorbis file; otherwise 48 kHz, which Web Audio converts others to. */
function sampleRateOf(bytes) {
  const view = new DataView(bytes);
  const head = new TextDecoder("latin1").decode(bytes.slice(0, 4096));
  const find = (start, text) => (head.startsWith(start) ? head.indexOf(text) : -1);
  const [wav, flac, vorbis] = [find("RIFF", "fmt "), find("fLaC", "fLaC"), find("OggS", "\x01vorbis")];
  if (wav >= 0) return view.getUint32(wav + 12, true);
  if (flac >= 0) return view.getUint32(flac + 18) >>> 12;
  return vorbis >= 0 ? view.getUint32(vorbis + 12, true) : 48_000;
}

async function show(recognizer, file) {
  element("result").hidden = true;
  element("segments").replaceChildren();
  element("status").textContent = `Listening to ${file.name} …`;
  URL.revokeObjectURL(element("player").src);
  element("player").src = URL.createObjectURL(file);
  const result = await recognizer.recognize(await decode(file), {
    onSegment: (segment) => {
      element("segments").append(row(segment));
      element("result").hidden = false;
      return new Promise((resolve) => setTimeout(resolve)); // lets the browser draw
    },
  });
  element("overall").textContent = sentence(result);
  element("json").textContent = JSON.stringify(result, null, 2);
  element("result").hidden = false;
  element("status").textContent = `${file.name}: ${result.duration_s.toFixed(1)} s`;
}

function sentence(result) {
  if (result.status === "no_speech") return "Nobody speaks in this recording.";
  return `Overall: ${named(result)}, ${percent(result.confidence)}.`;
}

function row(segment) {
  const row = document.createElement("tr");
  const seconds = `${segment.start_s.toFixed(1)}–${segment.end_s.toFixed(1)}`;
  const dimensions = [segment.arousal, segment.valence].map((value) => value.toFixed(2).replace("-", "−"));
  for (const text of [seconds, named(segment), percent(segment.confidence), ...dimensions]) {
    row.insertCell().textContent = text;
  }
  return row;
}

function named({ emotion, status }) {
  return status === "ok" ? emotion : `${emotion}?`;
}

function percent(share) {
  return `${Math.round(100 * share)} %`;
}

try {
  const recognizer = await loadRecognizer();
  blockConnections();
  element("status").textContent = "Ready.";
  element("file").disabled = false;
  element("file").addEventListener("change", async ({ target }) => {
    const [file] = target.files;
    if (!file) return;
    target.disabled = true;
    try {
      await show(recognizer, file);
    } catch (error) {
      element("status").textContent = `${file.name} cannot be read: ${error.message}`;
    }
    target.disabled = false;
  });
} catch (error) {
  element("status").textContent = error.message;
}
