// Publishes bytes unchanged, with headers: for records that were stored before and must not change.
import { headers } from "nats";
import type { Bus } from "../bus.ts";
import { translateNatsError } from "../errors.ts";

/** Publishes at most once, without an acknowledgement. */
export function publishAsIs(
  bus: Bus,
  subject: string,
  data: Uint8Array,
  fields: Readonly<Record<string, string>>,
): void {
  const all = headers();
  for (const [name, value] of Object.entries(fields)) all.set(name, value);
  try {
    bus.connection.publish(subject, data, { headers: all });
  } catch (error) {
    throw translateNatsError(error, `publish to ${subject}`);
  }
}
