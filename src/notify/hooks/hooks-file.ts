// Reads `hooks.json` of the data directory: the user's own commands, by name, each with the notices on which it runs. Each is checked by
// itself, so one mistake leaves the others usable.
import { join } from "node:path";
import * as v from "valibot";
import { isKindWanted, type Notice, noticeKinds } from "../../domain/notices/notice.ts";
import { textSetting, wholeNumber } from "../../domain/text/setting-schemas.ts";
import { checkEntries, objectMessage, parseObject } from "../parse-entries.ts";
import type { ReadEntries } from "../recipients-file.ts";

export const hooksFileName = "hooks.json";

const hookEntries = {
  on: v.pipe(
    v.array(
      v.picklist(noticeKinds, `must be one of ${noticeKinds.join(", ")}`),
      "must be a list of kinds of notices",
    ),
    v.minLength(1, "must name at least one kind of notice"),
  ),
  command: v.pipe(
    v.array(textSetting("text"), "must be a list: the program, and each of its arguments"),
    v.minLength(1, "must name a program"),
  ),
  timeout_s: v.optional(wholeNumber(1, 3_600), 30),
};
const HookSchema = v.strictObject(hookEntries, objectMessage);

export interface Hook extends v.InferOutput<typeof HookSchema> {
  readonly name: string;
}

export function hooksPath(dataDir: string): string {
  return join(dataDir, hooksFileName);
}

/** Never throws: what is wrong is in `problems`. */
export function parseHooksFile(source: string, path: string): ReadEntries<Hook> {
  const { object = {}, problem } = parseObject(source, path);
  if (problem !== undefined) return { entries: [], problems: new Map([[hooksFileName, problem]]) };
  const { $schema: _, ...hooks } = object;
  const keys = Object.keys(hookEntries);
  return checkEntries(hooks, { path, schema: HookSchema, keysAt: () => keys });
}

export function isWanted({ on }: Pick<Hook, "on">, { kind }: Pick<Notice, "kind">): boolean {
  return isKindWanted(on, kind);
}
