#!/usr/bin/env node
/** Recognize WAV files in Node: `node recognize.mjs FILE...` prints the same answers as Affetto, in the fields of its JSON. */

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import * as ort from "onnxruntime-node";

import { Recognizer, SAMPLE_RATE_HZ } from "./affetto/recognizer.mjs";
import { resample } from "./affetto/resample.mjs";
import { readWav } from "./wav.mjs";

const USAGE = "usage: node recognize.mjs [--model FOLDER] [--prior everyday|balanced] [--profile FILE] FILE.wav ...";

async function main() {
  const { values: options, positionals: files } = parseArgs({
    allowPositionals: true,
    options: {
      model: { type: "string", default: fileURLToPath(new URL("model", import.meta.url)) },
      prior: { type: "string" },
      profile: { type: "string" },
    },
  });
  if (!files.length) throw new Error(USAGE);
  const recognizer = await loadRecognizer(options.model);
  const profile = options.profile && (await readJson(options.profile));
  const results = [];
  for (const file of files) {
    const result = await recognizer.recognize(await readSamples(file), { prior: options.prior, profile });
    results.push({ source: file, ...result });
  }
  console.log(JSON.stringify(results, null, 2));
}

async function loadRecognizer(folder) {
  // A segment of a few seconds is hardly faster on several threads.
  const session = (name) => ort.InferenceSession.create(`${folder}/${name}`, { intraOpNumThreads: 1 });
  return new Recognizer({
    ort,
    manifest: await readJson(`${folder}/manifest.json`),
    model: await session("model.onnx"),
    detector: await session("voice_activity.onnx"),
  });
}

async function readSamples(file) {
  const bytes = await readFile(file);
  try {
    const { samples, sampleRateHz } = readWav(bytes);
    return resample(samples, sampleRateHz, SAMPLE_RATE_HZ);
  } catch (error) {
    throw new Error(`${file} cannot be read: ${error.message}`, { cause: error });
  }
}

async function readJson(path) {
  return JSON.parse(await readFile(path, "utf8"));
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
