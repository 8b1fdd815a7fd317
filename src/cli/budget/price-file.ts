// The prices of models that count for this server: those that travel inside, and the user's own in `prices.json` of the data directory, which
// win. An edit counts within seconds.
import { join } from "node:path";
import * as v from "valibot";
import standard from "../../../configs/prices.json" with { type: "json" };
import { type ServeSettings, timeZoneOf } from "../../config/serve-settings.ts";
import { type OwnPrices, type Prices, PricesSchema, pricesOf } from "../../domain/budgets/prices.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { describeIssue, mustBeObject, parseSettingsJson } from "../../domain/text/schema-issue.ts";
import type { Logger } from "../../log.ts";
import { watchOwnFile } from "../../notify/own-file.ts";

export const pricesFilePath = (dataDir: string) => join(dataDir, "prices.json");

const keys = { "": ["usd_per_million_tokens"] } as const;

/** What the file says, or each mistake that it has. @throws CliaiError `config_invalid` if it is no JSON object */
export function readPrices(
  source: string,
  path: string,
): { readonly own: OwnPrices } | { readonly mistakes: readonly [CliaiError, ...CliaiError[]] } {
  const value = parseSettingsJson(source, path);
  if (Array.isArray(value)) throw mustBeObject(path, "the file");
  const read = v.safeParse(PricesSchema, value);
  if (read.success) return { own: read.output };
  const knownKeys = (parents: readonly string[]) => (parents.length === 0 ? keys[""] : []);
  const [first, ...others] = read.issues;
  const describe = (issue: v.BaseIssue<unknown>) => describeIssue(issue, { name: path, knownKeys });
  return { mistakes: [describe(first), ...others.map(describe)] };
}

/** @throws CliaiError `config_invalid`, naming what is wrong */
export function parsePrices(source: string, path: string): Prices {
  const read = readPrices(source, path);
  if ("mistakes" in read) throw read.mistakes[0];
  return pricesOf(standard, read.own);
}

/**
 * What serve needs for budgets: the time zone, and the prices.
 * @throws CliaiError `config_invalid` for a zone that there is not
 */
export async function openBudgetFacts(
  settings: Pick<ServeSettings, "time_zone">,
  dataDir: string,
  log: Logger,
  parts: AsyncDisposableStack,
): Promise<{ readonly zone: string; readonly prices: () => Prices }> {
  const zone = timeZoneOf(settings, Intl.DateTimeFormat().resolvedOptions().timeZone);
  const { prices, stop } = await openPrices(dataDir, log);
  parts.defer(stop);
  return { zone, prices };
}

/** Resolves when the file has been read. A file that is wrong changes nothing, and a warning says why. */
export async function openPrices(
  dataDir: string,
  log: Logger,
): Promise<{ readonly prices: () => Prices; readonly stop: () => void }> {
  const path = pricesFilePath(dataDir);
  let prices = pricesOf(standard);
  const watch = watchOwnFile({ path, isSecret: false }, (read) => {
    try {
      if (read instanceof CliaiError) throw read;
      prices = read === undefined ? pricesOf(standard) : parsePrices(read, path);
    } catch (error) {
      const { message, hint = "" } = error as CliaiError;
      log.warn(`${message}: the prices from before count (${hint})`);
    }
  });
  await watch.first;
  return { prices: () => prices, stop: watch.stop };
}
