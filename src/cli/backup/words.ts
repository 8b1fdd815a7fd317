// How sizes and streams are told.
import type { SavedStream } from "../../backup/save.ts";

export function sizeText(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

export function streamText({ name, messages, bytes }: SavedStream): string {
  return `the stream ${name} (${messages.toLocaleString("en")} messages, ${sizeText(bytes)})`;
}

export function streamsText(streams: readonly SavedStream[]): string {
  const messages = streams.reduce((sum, stream) => sum + stream.messages, 0);
  return `${streams.length} streams with ${messages.toLocaleString("en")} messages`;
}
