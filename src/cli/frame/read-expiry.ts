// Reads the flag `--expires` of what lasts until it is revoked.
import { CliaiError } from "../../domain/text/errors.ts";
import { parseDurationMs } from "../../domain/text/moment.ts";

/**
 * When it ends; undefined without the flag.
 * @param what what ends: `token`
 * @throws CliaiError `usage`
 */
export function readExpiry(what: string, text: string | undefined, now: Date): Date | undefined {
  if (text === undefined) return undefined;
  const lastsMs = parseDurationMs(text) ?? 0;
  const end = new Date(now.getTime() + lastsMs);
  if (lastsMs > 0 && !Number.isNaN(end.getTime())) return end;
  throw new CliaiError("usage", `--expires "${text}" is not a time that a ${what} can last`, {
    hint: `write it as --expires 12h or --expires 90d; without it, the ${what} lasts until it is revoked`,
  });
}
