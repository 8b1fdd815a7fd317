// This room turns records of the stream AUDIT into what people read: lines of the timeline, conversations.
//
// Reads the message of any record. Only serve checks messages against the schema of their kind.
import * as v from "valibot";
import { decodeMessage } from "../wire/decode.ts";

const AnyMessage = v.looseObject({});
/** How much of a message that is not JSON is shown. */
const sampleBytes = 4_096;

/** The message; its text if it is not JSON. Serve counts such a message as malformed, and raises the alert. */
export function readAnyMessage(data: Uint8Array): unknown {
  try {
    return decodeMessage(AnyMessage, data);
  } catch {
    return new TextDecoder().decode(data.subarray(0, sampleBytes));
  }
}
