// This room searches everything that is kept: it fills an index beside the store from the streams, in a process of its own, and finds records in it.
//
// What is asked of the search, and what it answers; on NATS, over HTTP and between the processes alike.
import * as v from "valibot";
import { mostHits } from "../domain/history/search-limits.ts";

/** Matching records beyond the limit are counted up to this number. */
export const countedAtMost = 1_000;

const FilterSchema = {
  /** Words, phrases in quotation marks, beginnings of words with a star. */
  text: v.string(),
  kind: v.optional(v.string()),
  /** RFC 3339. */
  since: v.optional(v.string()),
  limit: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(mostHits))),
};

export const SearchAskSchema = v.object({
  ...FilterSchema,
  agent: v.optional(v.string()),
  /** The path of a project, or its last part: only records of agents that work there. */
  project: v.optional(v.string()),
});
export type SearchAsk = v.InferOutput<typeof SearchAskSchema>;

/** What is asked of the process with the index. */
export const FindAskSchema = v.object({
  ...FilterSchema,
  /** Only records of these agents; default: all records. */
  agents: v.optional(v.array(v.string())),
});
export type FindAsk = v.InferOutput<typeof FindAskSchema>;

export const SearchHitSchema = v.object({
  stream: v.string(),
  seq: v.number(),
  at: v.string(),
  agent_id: v.exactOptional(v.string()),
  kind: v.string(),
  /** It is in the transcript of an agent that was removed. Another agent may have its name by now. */
  of_removed: v.exactOptional(v.literal(true)),
  /** The place in the record's text, in pieces; `hit`: this piece is what was searched for. */
  snippet: v.array(v.object({ text: v.string(), hit: v.exactOptional(v.literal(true)) })),
});
export type SearchHit = v.InferOutput<typeof SearchHitSchema>;

export const SearchAnswerSchema = v.object({
  /** Newest first. The records of one statement are one hit. */
  hits: v.array(SearchHitSchema),
  /** How many more records match. */
  more: v.number(),
  /** Whether even more match than were counted. */
  more_at_least: v.boolean(),
  /** When the oldest record that can be found was stored; null if there is none. */
  searched_since: v.nullable(v.string()),
  /** Why older records cannot be found: the store has removed them, or the index was full; null if none were dropped. */
  older_are: v.nullable(v.picklist(["removed", "not_indexed"])),
  /** How many records are not in the index yet. */
  waiting: v.number(),
});
export type SearchAnswer = v.InferOutput<typeof SearchAnswerSchema>;

/** What the pages, the API and the commands use. */
export interface SearchDesk {
  /**
   * @throws CliaiError `usage` for a text, a kind, a time or a project that cannot be searched for; `agent_id_invalid`; `failed` if there is no
   * index; `no_answer` if the search takes too long
   */
  search(ask: SearchAsk): Promise<SearchAnswer>;
  /** Drops from the index what is noted as forgotten of an agent (forgotten.ts). Returns how many records. @throws CliaiError `failed`, `no_answer` */
  forget(agentId: string): Promise<number>;
  stop(): Promise<void>;
}
