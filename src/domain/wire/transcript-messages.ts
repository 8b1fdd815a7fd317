// The schema of `agent.ID.transcript`: one entry of the record that an agent's CLI keeps of its own conversation.
import * as v from "valibot";
import { AgentIdSchema } from "./agent-id.ts";
import { longText, shortText, timestamp, wholeNumber } from "./fields.ts";

/** What an entry is. A `note` is what the CLI itself adds, such as that it has compacted the conversation. */
export const transcriptKinds = ["prompt", "answer", "thinking", "tool_call", "tool_result", "note"] as const;
export type TranscriptKind = (typeof transcriptKinds)[number];

export const TranscriptEntrySchema = v.looseObject({
  agent_id: v.optional(AgentIdSchema),
  /** Unique in the session. An entry that comes again has the same one. */
  entry_id: shortText("entry_id"),
  session_id: v.optional(shortText("session_id")),
  instance_id: v.optional(shortText("instance_id")),
  /** One of {@link transcriptKinds}; another word is shown as a note. */
  kind: shortText("kind"),
  /** Without the secrets that cliai recognises, and cut. Of a `tool_call`: its input as JSON. */
  text: v.optional(longText("text"), ""),
  /** How many characters of the text were left out. */
  cut: v.optional(wholeNumber("cut")),
  tool: v.optional(shortText("tool")),
  /** The id of a tool call, which its result has too. */
  tool_use_id: v.optional(shortText("tool_use_id")),
  /** The words of a tool's input that describe the call best, such as its command. */
  title: v.optional(shortText("title")),
  /** Whether the call or the turn has failed. */
  is_error: v.optional(v.boolean("is_error must be true or false")),
  subagent: v.optional(shortText("subagent")),
  /** A few words for each image of the entry, such as `image/png, 34 KB`. The images themselves are not sent. */
  images: v.optional(
    v.pipe(v.array(shortText("images")), v.maxLength(20, "images has more than 20 entries")),
  ),
  /** When the CLI wrote the entry; if the CLI does not tell that, when the host heard of it. */
  timestamp,
});
export type TranscriptEntry = v.InferOutput<typeof TranscriptEntrySchema>;
