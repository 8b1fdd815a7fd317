// Reads what the user's and the administrator's settings of Claude Code say about proxies, hooks and telemetry. Claude reads them in
// addition to the file that we write, and the administrator's settings win over ours. Measured with 2.1.330.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { definedOf } from "../../domain/defined.ts";
import { parseJson } from "../../domain/wire/decode.ts";
import { loopback } from "../../domain/wire/own-address.ts";
import type { UserSettingsPlace } from "../agent-cli.ts";
import type { UserSettings } from "../agent-launch.ts";
import { noProxyWithLoopback, sparesLoopback } from "../direct-loopback.ts";

const flag = v.optional(v.fallback(v.optional(v.boolean()), undefined));
const SettingsSchema = v.looseObject({
  env: v.optional(v.fallback(v.record(v.string(), v.unknown()), {}), {}),
  disableAllHooks: flag,
  allowManagedHooksOnly: flag,
  /** A value that is not a list counts as an empty list, which allows nothing. */
  allowedHttpHookUrls: v.optional(v.fallback(v.array(v.unknown()), [])),
});

export interface SettingsFile {
  readonly path: string;
  /** Whether it is the administrator's file, which wins over every other, ours included. */
  readonly isManaged: boolean;
  readonly settings: v.InferOutput<typeof SettingsSchema>;
}

/** Reads the files in Claude's order, in which a later file wins. Ignores a file that is missing or is not JSON. */
export async function readClaudeUserSettings(place: UserSettingsPlace): Promise<UserSettings> {
  const own = ownPaths(place);
  const managed = await managedPaths(place);
  const files = await Promise.all([
    ...own.map((path) => readSettings(path, false)),
    ...managed.map((path) => readSettings(path, true)),
  ]);
  return judgeUserSettings(
    files.filter((file) => file !== undefined),
    place.env,
  );
}

/**
 * Decides from the settings what `UserSettings` says. Pure.
 * @param files in Claude's order: a later one wins
 * @param env this process's environment; the `env` of any file wins over it
 */
export function judgeUserSettings(
  files: readonly SettingsFile[],
  env: UserSettingsPlace["env"],
): UserSettings {
  const lists = ["no_proxy", "NO_PROXY"].map((name) => lastText(files, name) ?? env[name]);
  const hooksOff = whyHooksAreOff(files);
  const httpHooksOff = whyHttpHooksAreOff(files);
  const telemetryElsewhere = whyTelemetryGoesElsewhere(files, env);
  return {
    noProxy: noProxyWithLoopback(lists),
    ...definedOf({ hooksOff, httpHooksOff, telemetryElsewhere }),
  };
}

/** Any telemetry variable of the user counts: if ours were mixed with the user's, Claude could send our token to the user's collector. */
function whyTelemetryGoesElsewhere(
  files: readonly SettingsFile[],
  env: UserSettingsPlace["env"],
): string | undefined {
  const isTelemetry = (name: string) => name === "CLAUDE_CODE_ENABLE_TELEMETRY" || name.startsWith("OTEL_");
  const places = [
    ...files.map(({ path, settings }) => [path, settings.env] as const),
    ["its environment", env],
  ];
  for (const [place, variables] of places) {
    const name = Object.keys(variables).find(isTelemetry);
    if (name !== undefined) return `${place} sets ${name}`;
  }
  return undefined;
}

function whyHooksAreOff(files: readonly SettingsFile[]): string | undefined {
  const only = files.find(({ isManaged, settings }) => isManaged && settings.allowManagedHooksOnly === true);
  if (only !== undefined) return `${only.path} sets allowManagedHooksOnly`;
  const last = files.findLast(({ settings }) => settings.disableAllHooks !== undefined);
  return last?.settings.disableAllHooks === true ? `${last.path} sets disableAllHooks` : undefined;
}

/**
 * Why HTTP hooks may be forbidden. Any list without "*" counts, because we do not repeat Claude's matching of addresses. A hook that runs a
 * command is always allowed.
 */
function whyHttpHooksAreOff(files: readonly SettingsFile[]): string | undefined {
  const lists = files.filter(({ settings }) => settings.allowedHttpHookUrls !== undefined);
  const narrow = lists.find(({ settings }) => settings.allowedHttpHookUrls?.includes("*") !== true);
  if (narrow !== undefined) return `${narrow.path} sets allowedHttpHookUrls`;
  const managed = files.filter(({ isManaged }) => isManaged);
  const cut = ["no_proxy", "NO_PROXY"].some((name) => {
    const list = lastText(managed, name);
    return list !== undefined && !sparesLoopback(list);
  });
  return cut ? `${managed.at(-1)?.path} sets a NO_PROXY without ${loopback}` : undefined;
}

function lastText(files: readonly SettingsFile[], name: string): string | undefined {
  const values = files.map(({ settings }) => settings.env[name]);
  return values.findLast((value) => typeof value === "string");
}

function ownPaths({ cwd, env, platform }: UserSettingsPlace): string[] {
  const home = (platform === "win32" ? env.USERPROFILE : env.HOME) ?? "";
  const user = env.CLAUDE_CONFIG_DIR || join(home, ".claude");
  return [
    join(user, "settings.json"),
    join(cwd, ".claude", "settings.json"),
    join(cwd, ".claude", "settings.local.json"),
  ];
}

const managedDirs: Partial<Record<NodeJS.Platform, string>> = {
  darwin: "/Library/Application Support/ClaudeCode",
  win32: "C:\\Program Files\\ClaudeCode",
};

async function managedPaths({
  platform,
  managedDir = managedDirs[platform] ?? "/etc/claude-code",
}: UserSettingsPlace): Promise<string[]> {
  const more = join(managedDir, "managed-settings.d");
  const names: string[] = await readdir(more).catch(() => []); // most machines have none
  const parts = names.filter((name) => name.endsWith(".json")).sort();
  return [join(managedDir, "managed-settings.json"), ...parts.map((name) => join(more, name))];
}

async function readSettings(path: string, isManaged: boolean): Promise<SettingsFile | undefined> {
  try {
    const read = v.safeParse(SettingsSchema, parseJson(await readFile(path)));
    return read.success ? { path, isManaged, settings: read.output } : undefined;
  } catch {
    return undefined; // missing, or not JSON: Claude ignores it too
  }
}
