// Tells whether the user's services start before the user logs in, and go on after the user has logged out.
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Environment } from "../../runtime.ts";

/** Where systemd-logind notes the users whose manager runs without a session (loginctl(1), `enable-linger`). */
const lingerDir = "/var/lib/systemd/linger";

/** What to do so that the service does not end with the last session of its user; undefined if there is nothing to do. */
export function lingerNote(
  platform: string,
  { USER, LOGNAME }: Environment,
  dir = lingerDir,
): string | undefined {
  const user = USER || LOGNAME;
  if (platform !== "linux" || user === undefined || user === "" || existsSync(join(dir, user)))
    return undefined;
  return `it ends when ${user} logs out of the last session, and the agents with it; so that all run on, and start without a login: loginctl enable-linger ${user}`;
}
