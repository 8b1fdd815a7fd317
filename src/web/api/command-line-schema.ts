// What is sent when serve runs a command of the terminal for a client: the command line, and the lines that come back.
import * as v from "valibot";

/**
 * The commands that serve runs for a client. What `at-end` prints is printed in whole when it has ended; what `as-it-comes` prints is evidence
 * that somebody waits for.
 */
export const commandsInServe = {
  ls: "at-end",
  show: "at-end",
  inbox: "at-end",
  answer: "as-it-comes",
  send: "as-it-comes",
} as const;
export type CommandInServe = keyof typeof commandsInServe;

const names = Object.keys(commandsInServe) as CommandInServe[];

export const CommandLineSchema = v.strictObject({
  command: v.picklist(names),
  /** What stands behind the command's name. */
  args: v.array(v.string()),
  /** The directory in which it was typed. */
  cwd: v.string(),
  /** The name in which the client would give orders. Serve refuses another one than its own, because it signs with nothing else. */
  operator: v.string(),
  traceparent: v.optional(v.string()),
  json: v.boolean(),
  is_terminal: v.boolean(),
  columns: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  color: v.boolean(),
  /** The version and commit of the client. Serve refuses those of another build, because it would say things in other words. */
  build: v.string(),
  /** By what the client tells the local time. Serve refuses another zone than its own. */
  zone: v.string(),
  /**
   * Orders and answers that are given twice by the same attempt take effect once. Serve refuses an attempt of more than a second and a half ago,
   * because its client runs the command itself soon.
   */
  attempt: v.strictObject({ id: v.pipe(v.string(), v.uuid()), at: v.pipe(v.string(), v.isoTimestamp()) }),
});
export type CommandLine = v.InferOutput<typeof CommandLineSchema>;

/** One line of the answer. The last one has `exit` or `error`; if there is none of these, the command did not end. */
export const PrintedSchema = v.union([
  /** A line for stdout. A line that `tells` the same as an earlier one is not printed again. */
  v.object({ out: v.string(), tells: v.optional(v.string()) }),
  /** A line for stderr. */
  v.object({ err: v.string() }),
  /** The exit code. */
  v.object({ exit: v.number() }),
  v.object({ error: v.object({ code: v.string(), message: v.string(), hint: v.optional(v.string()) }) }),
]);
export type Printed = v.InferOutput<typeof PrintedSchema>;
