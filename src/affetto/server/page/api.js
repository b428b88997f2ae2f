/** Requests to the server. The messages of their errors are for the reader of the page. */

import { askForKey, storedKey } from "./key.js";
import { texts } from "./texts.js";

/** @import { Options, Recognition, Recording } from "./types.js" */

const ROOT = new URL("../", import.meta.url);

/**
 * Recognize a recording: one recognition, or one for each channel.
 *
 * @param {Recording} recording
 * @param {Options} options
 * @param {AbortSignal} signal
 * @returns {Promise<Recognition[]>}
 */
export async function recognize(recording, options, signal) {
  const response = await post(recording, options, { acoustics: "true" }, signal);
  try {
    return await response.json();
  } catch (error) {
    if (signal.aborted) throw error;
    throw new Error(texts.errors.strange);
  }
}

/**
 * The result in another format, for one channel where it is given.
 *
 * @param {Recording} recording
 * @param {Options} options
 * @param {"csv" | "srt"} format
 * @param {number | null} channel
 * @returns {Promise<Blob>}
 */
export async function exported(recording, options, format, channel) {
  /** @type {Record<string, string>} */
  const query = { format };
  if (format === "csv") query.acoustics = "true";
  if (channel !== null) query.channels = String(channel);
  const response = await post(recording, options, query, null);
  return response.blob();
}

/**
 * The address of the live stream.
 *
 * @returns {URL}
 */
export function streamAddress() {
  const url = new URL("v1/stream", ROOT);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url;
}

/**
 * What problem details say (RFC 9457).
 *
 * @param {{detail?: string, title?: string, status?: number}} problem
 * @returns {string}
 */
export function problemText(problem) {
  return problem.detail || problem.title || texts.errors.status(problem.status ?? 0);
}

/**
 * @param {Recording} recording
 * @param {Options} options
 * @param {Record<string, string>} query
 * @param {AbortSignal | null} signal
 * @returns {Promise<Response>}
 */
async function post(recording, options, query, signal) {
  const url = new URL("v1/recognitions", ROOT);
  url.searchParams.set("channels", options.channels);
  if (options.prior) url.searchParams.set("prior", options.prior);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  const form = new FormData();
  form.append("file", recording.blob, recording.name);
  if (options.transcript) form.append("transcript", options.transcript);
  if (options.speakers) form.append("speakers", options.speakers);
  return answered(url, form, signal);
}

/**
 * Send a form, and ask for the key where the server wants one.
 *
 * @param {URL} url
 * @param {FormData} form
 * @param {AbortSignal | null} signal
 * @returns {Promise<Response>}
 */
async function answered(url, form, signal) {
  const key = storedKey();
  const headers = key ? { Authorization: `Bearer ${key}` } : undefined;
  let response;
  try {
    response = await fetch(url, { method: "POST", body: form, headers, signal });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Error(texts.errors.server);
  }
  if (response.ok) return response;
  if (response.status === 401 && (await askForKey(key))) return answered(url, form, signal);
  throw new Error(await failure(response));
}

/**
 * @param {Response} response
 * @returns {Promise<string>}
 */
async function failure(response) {
  const seconds = Number(response.headers.get("Retry-After"));
  if ((response.status === 503 || response.status === 429) && seconds > 0) return texts.errors.busy(seconds);
  try {
    return problemText(await response.json());
  } catch {
    return texts.errors.status(response.status);
  }
}
