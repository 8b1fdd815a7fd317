// Reads what is searched for from the address of `/api/search` and of the page.
import { definedOf } from "../../domain/defined.ts";
import { mostHits } from "../../domain/history/search-limits.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { parseMomentMs } from "../../domain/text/moment.ts";
import type { SearchAsk } from "../../search/search.ts";

/**
 * Empty fields count as left out, because an HTML form sends them all.
 * @param query `text`, and any of `agent`, `kind`, `project`, `since` (a time, or a duration such as `2h`) and `limit`
 * @throws CliaiError `usage`
 */
export function searchAskFrom(query: Readonly<Record<string, string>>, now = new Date()): SearchAsk {
  const given = (name: string) => query[name]?.trim() || undefined;
  const since = given("since");
  const limit = given("limit");
  if (limit !== undefined && !(/^\d+$/.test(limit) && Number(limit) >= 1 && Number(limit) <= mostHits))
    throw new CliaiError("usage", `limit "${limit}" is not a number from 1 to ${mostHits}`, {
      hint: "such as limit=100",
    });
  return {
    text: query.text ?? "",
    ...definedOf({ agent: given("agent"), kind: given("kind"), project: given("project") }),
    ...definedOf({
      since: since === undefined ? undefined : new Date(parseMomentMs(since, "since", now)).toISOString(),
      limit: limit === undefined ? undefined : Number(limit),
    }),
  };
}
