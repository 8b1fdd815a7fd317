// The heartbeat interval: the flag `--heartbeat`, else CLIAI_HEARTBEAT, else 15 s.
import { parseSeconds } from "../../domain/text/moment.ts";
import type { Environment } from "../../runtime.ts";

/** @throws CliaiError `config_invalid` */
export function readHeartbeatInterval(env: Environment, flag?: string): number {
  const [name, text] =
    flag === undefined ? ["CLIAI_HEARTBEAT", env.CLIAI_HEARTBEAT || "15"] : ["--heartbeat", flag];
  const hint = "leave it out for the default of 15 s";
  return parseSeconds(text, name, { least: 0.1, most: 3_600, hint, code: "config_invalid" });
}
