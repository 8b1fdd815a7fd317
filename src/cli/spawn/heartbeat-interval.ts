// The heartbeat interval: the flag `--heartbeat`, else CLIAI_HEARTBEAT, else 15 s.
import { CliaiError } from "../../domain/text/errors.ts";
import type { Environment } from "../../runtime.ts";

/** @throws CliaiError `config_invalid` */
export function readHeartbeatInterval(env: Environment, flag?: string): number {
  const [name, text] =
    flag === undefined ? ["CLIAI_HEARTBEAT", env.CLIAI_HEARTBEAT || "15"] : ["--heartbeat", flag];
  const seconds = Number(text);
  if (seconds >= 0.1 && seconds <= 3_600) return seconds;
  throw new CliaiError("config_invalid", `${name} "${text}" is not a number of seconds from 0.1 to 3600`, {
    hint: "leave it out for the default of 15 s",
  });
}
