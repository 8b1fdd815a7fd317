// Checks the user's prices of models: whether `prices.json` can be used. While it cannot, serve counts with the prices that it has.
import { type Check, finding, well } from "../../domain/system/check.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { readOwnFile } from "../../notify/own-file.ts";
import { pricesFilePath, readPrices } from "../budget/price-file.ts";

/** Nothing without such a file. */
export async function checkPrices(dataDir: string): Promise<Check[]> {
  const path = pricesFilePath(dataDir);
  try {
    const source = await readOwnFile({ path, isSecret: false });
    if (source === undefined) return [];
    const read = readPrices(source, path);
    if ("mistakes" in read) return read.mistakes.map(mistake);
    const count = Object.keys(read.own.usd_per_million_tokens).length;
    return [well("prices", `${count === 1 ? "1 price" : `${count} prices`} of models in ${path}`)];
  } catch (error) {
    if (error instanceof CliaiError) return [mistake(error)];
    throw error;
  }
}

function mistake({ message, hint = "correct it there" }: CliaiError): Check {
  return finding("prices", message, hint);
}
