// What is known of the CLI before it starts: what its user has set, and what a person should be told about it.
import process from "node:process";
import type { UserSettings } from "../../../agents/agent-launch.ts";
import { noProxyWithLoopback } from "../../../agents/direct-loopback.ts";
import { programOf } from "../../../agents/launch.ts";
import { untriedWords } from "../cli-probe.ts";
import type { HostOptions } from "./host-options.ts";

export async function readUserSettings({
  cli,
  env,
  mode,
  projectPath: cwd,
}: HostOptions): Promise<UserSettings> {
  const { platform } = process;
  const isHeadless = mode === "headless";
  const noProxy = noProxyWithLoopback([env.no_proxy, env.NO_PROXY]);
  return (await cli.readUserSettings?.({ cwd, isHeadless, env, platform })) ?? { noProxy };
}

export async function untriedOf(
  { cli, env, dataDir }: HostOptions,
  version: string | undefined,
  now: () => Date,
): Promise<string[]> {
  const words = await untriedWords({ cli, program: programOf(cli, env), version, dataDir, env, now });
  return words === undefined ? [] : [words];
}

/** One line for each thing that the user's own settings keep cliai from doing. */
export function warningsOf(settings: UserSettings, isHeadless: boolean): string[] {
  return [...hookWarnings(settings, isHeadless), ...telemetryWarnings(settings, isHeadless)];
}

/** None for a headless session, because its results tell what the telemetry would tell. */
function telemetryWarnings({ telemetryElsewhere }: UserSettings, isHeadless: boolean): string[] {
  if (telemetryElsewhere === undefined || isHeadless) return [];
  return [
    `${telemetryElsewhere}, so cliai does not get its telemetry: its usage is not known, and a tool that you allow at its terminal is shown as waiting until the tool has ended`,
  ];
}

function hookWarnings({ hooksOff, httpHooksOff }: UserSettings, isHeadless: boolean): string[] {
  if (hooksOff !== undefined) {
    const left = isHeadless
      ? "only the session's stream can hold it in a pause"
      : "nothing can hold this agent, and a pause gets no further than delivered";
    return [`cliai's hooks are not called, because ${hooksOff}: ${left}`];
  }
  if (httpHooksOff === undefined) return [];
  return [
    `hooks are commands and not HTTP requests, because ${httpHooksOff}: each tool call starts one more process`,
  ];
}
