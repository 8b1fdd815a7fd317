// Reads what the user's, the project's and the administrator's settings of Qwen Code say about hooks. Measured with 0.24.4.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { definedOf } from "../../domain/defined.ts";
import { parseJson } from "../../domain/wire/decode.ts";
import type { UserSettingsPlace } from "../agent-cli.ts";
import type { UserSettings } from "../agent-launch.ts";
import { noProxyWithLoopback } from "../direct-loopback.ts";
import { administratorsDefaults, administratorsSettings } from "./qwen-files.ts";

const SettingsSchema = v.looseObject({
  disableAllHooks: v.fallback(v.optional(v.boolean()), undefined),
  security: v.fallback(
    v.optional(
      v.looseObject({ allowedHttpHookUrls: v.fallback(v.optional(v.array(v.unknown())), undefined) }),
    ),
    undefined,
  ),
});

/** Reads the files for a session on a terminal only, because a session that speaks ACP needs no hooks. */
export async function readQwenUserSettings(place: UserSettingsPlace): Promise<UserSettings> {
  const { cwd, env, isHeadless = false } = place;
  const noProxy = noProxyWithLoopback([env.no_proxy, env.NO_PROXY]);
  if (isHeadless) return { noProxy };
  const defaults = administratorsDefaults(env);
  const home = (place.platform === "win32" ? env.USERPROFILE : env.HOME) ?? "";
  const user = env.QWEN_HOME || join(home, ".qwen");
  const files = [
    administratorsSettings(env),
    join(cwd, ".qwen", "settings.json"),
    join(user, "settings.json"),
  ] as const;
  const [administrators, projects, users] = await Promise.all(files.map(readSettings));
  const hooksOff =
    defaults === undefined
      ? (allOff([administrators, projects, users]) ?? narrowed([administrators, users, projects]))
      : `cliai's own file of defaults would replace ${defaults}`;
  return { noProxy, ...definedOf({ hooksOff }) };
}

interface SettingsFile {
  readonly path: string;
  readonly disableAllHooks: boolean | undefined;
  readonly allowedUrls: readonly unknown[] | undefined;
}

/** @param files the one that wins first */
function allOff(files: readonly (SettingsFile | undefined)[]): string | undefined {
  const file = files.find((each) => each?.disableAllHooks !== undefined);
  return file?.disableAllHooks === true ? `${file.path} sets disableAllHooks` : undefined;
}

/** @param files the one that wins first. For this setting the user's own wins over the project's. */
function narrowed(files: readonly (SettingsFile | undefined)[]): string | undefined {
  const file = files.find((each) => each?.allowedUrls !== undefined);
  // An empty list allows every address. We do not repeat Qwen Code's matching.
  const isNarrow = (file?.allowedUrls ?? []).length > 0;
  return isNarrow ? `${file?.path} sets security.allowedHttpHookUrls` : undefined;
}

async function readSettings(path: string): Promise<SettingsFile | undefined> {
  try {
    const read = v.safeParse(SettingsSchema, parseJson(withoutComments(await readFile(path, "utf8"))));
    if (!read.success) return undefined;
    const { disableAllHooks, security } = read.output;
    return { path, disableAllHooks, allowedUrls: security?.allowedHttpHookUrls };
  } catch {
    return undefined; // missing, or not JSON
  }
}

/** Qwen Code takes comments in its settings, and a byte order mark before them. */
function withoutComments(text: string): string {
  const stringOrComment = /"(?:\\.|[^"\\])*"|\/\/[^\r\n]*|\/\*[\s\S]*?\*\//g;
  return text
    .replace(/^\uFEFF/, "")
    .replace(stringOrComment, (found) => (found.startsWith('"') ? found : ""));
}
