// Guards the loop in which nats 2.29 reads from errors of whoever handles a message.
import { messageOf } from "../domain/text/errors.ts";
import type { Logger } from "../log.ts";

/**
 * Logs an error of `act`, and does not throw it. An error would end the loop in which nats 2.29 reads: the connection would stay open, but
 * receive nothing more. @param what for the log, such as `a message on tools.call`
 */
export function guarded(log: Pick<Logger, "error">, what: string, act: () => void): void {
  try {
    act();
  } catch (error) {
    log.error(`${what} is not handled: ${messageOf(error)}`);
  }
}
