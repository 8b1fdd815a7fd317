// Reads what a project's settings of Copilot CLI say about hooks. The user's own settings do not turn a plugin's hooks off. Measured with 1.0.102.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { definedOf } from "../../domain/defined.ts";
import { parseJson } from "../../domain/wire/decode.ts";
import type { UserSettingsPlace } from "../agent-cli.ts";
import type { UserSettings } from "../agent-launch.ts";
import { noProxyWithLoopback } from "../direct-loopback.ts";

const SettingsSchema = v.looseObject({ disableAllHooks: v.literal(true) });

/** Reads the files for a session on a terminal only, because a session that speaks ACP needs no hooks. */
export async function readCopilotUserSettings(place: UserSettingsPlace): Promise<UserSettings> {
  const { cwd, env, isHeadless = false } = place;
  const noProxy = noProxyWithLoopback([env.no_proxy, env.NO_PROXY]);
  if (isHeadless) return { noProxy };
  const files = ["settings.json", "settings.local.json"].map((name) => join(cwd, ".github", "copilot", name));
  const off = await Promise.all(files.map(turnsOff));
  const path = files.find((_, index) => off[index]);
  return { noProxy, ...definedOf({ hooksOff: path && `${path} sets disableAllHooks` }) };
}

async function turnsOff(path: string): Promise<boolean> {
  try {
    return v.is(SettingsSchema, parseJson(await readFile(path)));
  } catch {
    return false; // missing, or not JSON
  }
}
