// The schemas of `agent.ID.watch`, `agent.ID.screen` and `agent.ID.keys`: who watches an agent's terminal, what it shows, and who types there.
import * as v from "valibot";
import { AgentIdSchema } from "../wire/agent-id.ts";
import { shortText, TokenSchema, timestamp, wholeNumber } from "../wire/fields.ts";

/** A larger screen is cut to this size. */
export const largestScreen = { columns: 500, rows: 200 } as const;
/** How long one request to watch lasts. */
export const longestWatchS = 60;
/** So many older rows are sent at once, at most. */
export const mostOlderRows = 200;
/** How many characters one message of keys may have. */
export const mostKeys = 100_000;

const upTo = (name: string, most: number) =>
  v.pipe(wholeNumber(name), v.maxValue(most, `${name} is above ${most}`));
const size = (name: string, most: number) => v.pipe(upTo(name, most), v.minValue(1, `${name} is below 1`));

export const WatchSchema = v.looseObject({
  agent_id: v.optional(AgentIdSchema),
  /** The id of the viewer: the same in all its messages. */
  viewer: TokenSchema,
  /** For how many seconds it wants to see the screen; 0 to end that. */
  for_s: upTo("for_s", longestWatchS),
  /** Whether it needs all lines, and not only those that change. */
  whole: v.optional(v.boolean("whole must be true or false")),
  /** Asks for rows that have left the screen at its top. */
  older: v.optional(
    v.object({
      from: wholeNumber("from"),
      count: v.pipe(upTo("count", mostOlderRows), v.minValue(1, "count is below 1")),
    }),
  ),
});
export type Watch = v.InferOutput<typeof WatchSchema>;

/** How a part of a line is written; `cursor`: the cursor stands there. */
export const styleWords = ["bold", "dim", "italic", "underline", "inverse", "strike", "cursor"] as const;
export type StyleWord = (typeof styleWords)[number];

/** A part of a line in one style. Colours are the 256 of xterm; without one, the terminal's own. */
const ScreenRunSchema = v.object({
  text: v.pipe(v.string("text must be text"), v.maxLength(10_000, "text is longer than 10,000 characters")),
  fg: v.exactOptional(upTo("fg", 255)),
  bg: v.exactOptional(upTo("bg", 255)),
  is: v.exactOptional(
    v.pipe(
      v.array(v.picklist(styleWords, `is must be of ${styleWords.join(", ")}`)),
      v.maxLength(styleWords.length, "is has too many words"),
    ),
  ),
});
export type ScreenRun = v.InferOutput<typeof ScreenRunSchema>;

const ScreenLineSchema = v.object({
  row: upTo("row", largestScreen.rows - 1),
  runs: v.pipe(v.array(ScreenRunSchema), v.maxLength(largestScreen.columns, "a line has too many runs")),
});

const TypistSchema = v.object({ viewer: TokenSchema, name: shortText("name") });
export type Typist = v.InferOutput<typeof TypistSchema>;

/**
 * Which rows above the screen can be asked for: numbers from `from` up to, but without, `to`, which is the screen's first row. A row keeps its
 * number while more rows leave the screen.
 */
const KeptRowsSchema = v.object({ from: wholeNumber("from"), to: wholeNumber("to") });
export type KeptRows = v.InferOutput<typeof KeptRowsSchema>;

export const ScreenFrameSchema = v.looseObject({
  agent_id: v.optional(AgentIdSchema),
  instance_id: v.optional(shortText("instance_id")),
  kind: v.literal("frame"),
  /** 1, 2, 3 … A viewer that misses one asks for all lines. */
  seq: wholeNumber("seq"),
  columns: size("columns", largestScreen.columns),
  rows: size("rows", largestScreen.rows),
  /** Where the cursor is; absent if it is hidden. */
  cursor: v.optional(
    v.object({ row: upTo("row", largestScreen.rows), column: upTo("column", largestScreen.columns) }),
  ),
  /** Absent if no rows are kept. */
  above: v.optional(KeptRowsSchema),
  /** Whether `lines` are all lines, and not only those that have changed since the frame before. */
  whole: v.boolean("whole must be true or false"),
  lines: v.pipe(v.array(ScreenLineSchema), v.maxLength(largestScreen.rows, "there are too many lines")),
  /** Who types there from elsewhere, if anybody does. */
  typist: v.optional(TypistSchema),
  /** Whether the terminal that the agent was started on is still open. It then decides the size. */
  has_window: v.boolean("has_window must be true or false"),
  timestamp,
});
export type ScreenFrame = v.InferOutput<typeof ScreenFrameSchema>;

export const keysActs = ["take", "type", "leave"] as const;

export const KeysSchema = v.looseObject({
  agent_id: v.optional(AgentIdSchema),
  viewer: TokenSchema,
  /** Who the person is, for the audit and for other viewers. */
  name: shortText("name"),
  /** 1, 2, 3 …: the answer has the same. */
  seq: wholeNumber("seq"),
  /** `take`: asks for the keyboard. `type`: has typed `keys`. `leave`: types no more. */
  act: v.picklist(keysActs, `act must be one of ${keysActs.join(", ")}`),
  /** With `take`: also if somebody else types there. */
  over: v.optional(v.boolean("over must be true or false")),
  keys: v.optional(v.pipe(v.string("keys must be text"), v.maxLength(mostKeys, "keys is too long"))),
  /** The size that the viewer has for the screen. It counts once the agent's own window is closed. */
  columns: v.optional(size("columns", largestScreen.columns)),
  rows: v.optional(size("rows", largestScreen.rows)),
});
export type Keys = v.InferOutput<typeof KeysSchema>;

/** The host's answer to a message on `agent.ID.keys`, on `agent.ID.screen`: an agent's account has no way back to the viewer's inbox. */
export const KeysAnswerSchema = v.looseObject({
  agent_id: v.optional(AgentIdSchema),
  kind: v.literal("answer"),
  viewer: TokenSchema,
  seq: wholeNumber("seq"),
  taken: v.boolean("taken must be true or false"),
  /** If it was not taken: why, for a person. */
  why: v.optional(shortText("why")),
  /** If it was not taken: who types there. */
  typist: v.optional(TypistSchema),
});
export type KeysAnswer = v.InferOutput<typeof KeysAnswerSchema>;

/** The host's answer to a request for older rows, on `agent.ID.screen`. */
export const OlderRowsSchema = v.looseObject({
  agent_id: v.optional(AgentIdSchema),
  instance_id: v.optional(shortText("instance_id")),
  kind: v.literal("older"),
  viewer: TokenSchema,
  /** As asked, or later: the number of the first of `lines`. */
  from: wholeNumber("from"),
  above: KeptRowsSchema,
  lines: v.pipe(
    v.array(v.pipe(v.array(ScreenRunSchema), v.maxLength(largestScreen.columns, "a line has too many runs"))),
    v.maxLength(mostOlderRows, "there are too many lines"),
  ),
});
export type OlderRows = v.InferOutput<typeof OlderRowsSchema>;

/** The program has ended: its terminal shows nothing more. */
export const ScreenEndSchema = v.looseObject({
  agent_id: v.optional(AgentIdSchema),
  instance_id: v.optional(shortText("instance_id")),
  kind: v.literal("end"),
});

export const OnScreenSchema = v.variant(
  "kind",
  [ScreenFrameSchema, KeysAnswerSchema, OlderRowsSchema, ScreenEndSchema],
  "kind must be frame, answer, older or end",
);
