// The prices of models, for tokens whose cost no CLI has told. All sums made of them are estimates.
import * as v from "valibot";

const price = v.pipe(
  v.number("must be a number"),
  v.finite("must be finite"),
  v.minValue(0, "must be 0 or more"),
);

/**
 * `prices.json`: US dollars for a million tokens of all kinds together, by the model's name; `*` at the end of a name stands for any rest. A
 * longer name wins over a shorter one.
 */
export const PricesSchema = v.strictObject(
  { usd_per_million_tokens: v.record(v.string(), price, "must be an object of prices") },
  ({ expected }) => (expected === "Object" ? "must be an object" : "is missing"),
);

export type OwnPrices = v.InferOutput<typeof PricesSchema>;

/** By the model's name in lower case. */
export type Prices = ReadonlyMap<string, number>;

/** @param files a later one wins over an earlier one */
export function pricesOf(...files: readonly OwnPrices[]): Prices {
  return new Map(
    files.flatMap(({ usd_per_million_tokens }) =>
      Object.entries(usd_per_million_tokens).map(([name, usd]) => [name.toLowerCase(), usd] as const),
    ),
  );
}

/** US dollars for one token; undefined if the model's price is not known. */
export function priceOf(prices: Prices, model: string | undefined): number | undefined {
  if (model === undefined) return undefined;
  const name = model.toLowerCase();
  let best: string | undefined;
  for (const pattern of prices.keys()) {
    const isMatch = pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
    if (isMatch && pattern.length > (best?.length ?? -1)) best = pattern;
  }
  const usd = best === undefined ? undefined : prices.get(best);
  return usd === undefined ? undefined : usd / 1_000_000;
}
