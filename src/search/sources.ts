// The streams that are searched, and what of each record can be found.
import { streams } from "../domain/wire/subjects.ts";
import type { StreamMessage } from "../nats/jetstream/follow.ts";
import { type RecordText, recordText } from "./record-text.ts";

export interface SearchSource {
  readonly stream: string;
  readonly textOf: (message: StreamMessage) => RecordText | undefined;
}

/** A further stream needs only a row here. A stream that does not exist is looked for again later. */
export const searchSources: readonly SearchSource[] = [
  { stream: streams.audit, textOf: recordText },
  { stream: streams.transcripts, textOf: recordText },
];
