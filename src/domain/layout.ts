// The version of the layout of streams, buckets and the data directory. Raise it with each change that an older cliai would
// misread; serve brings older data up to date when it starts.
import { CliaiError } from "./text/errors.ts";

/**
 * 1: cliai 0.1.0, which wrote no version. 2: 0.2.0, AUDIT without a dedupe window, orders with a token and a run. 3: holds, budgets, and machines
 * that have joined. 0.2.0 would let agents spend beyond their budgets, hold back for ever who is held, and shut those machines out.
 */
export const layoutVersion = 3;

const metadataKey = "cliai-layout";

/** Metadata of the streams. It carries the layout for `serve --nats-url`, whose streams are not in a data directory of cliai. */
export const layoutMetadata: Readonly<Record<string, string>> = { [metadataKey]: String(layoutVersion) };

/** @throws CliaiError `config_invalid` for a newer layout than this cliai knows, because it might damage the data */
export function requireKnownLayout(layout: number, what: string, writtenBy = "a newer cliai"): void {
  if (layout <= layoutVersion) return;
  const message = `${what} has layout ${layout}, of ${writtenBy}: this cliai knows layout ${layoutVersion}`;
  throw new CliaiError("config_invalid", message, {
    hint: "run that cliai or a newer one, or use another data directory: --data-dir DIR",
  });
}

/** As {@link requireKnownLayout}, for a stream's metadata. @throws CliaiError `config_invalid` */
export function requireKnownStream(
  name: string,
  metadata: Readonly<Record<string, string>> | undefined,
): void {
  const layout = Number(metadata?.[metadataKey] ?? 1);
  if (Number.isInteger(layout)) requireKnownLayout(layout, `the stream ${name}`);
}
