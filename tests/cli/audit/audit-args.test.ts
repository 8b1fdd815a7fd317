// Which records `cliai audit` chooses, by its flags.
import { expect, test } from "bun:test";
import { readFilter } from "../../../src/cli/audit/audit-args.ts";
import { ago, now } from "../../support/agent-records.ts";
import { ada } from "../../support/agents.ts";
import { testContext } from "../../support/cli-context.ts";
import { errorOf } from "../../support/error-of.ts";

const context = testContext({ now: () => now });
const none = { agent: undefined, kind: undefined, since: undefined, until: undefined, text: undefined };
const read = (given: { readonly [Name in keyof typeof none]?: string }) =>
  readFilter({ ...none, ...given }, context);

test("readFilter() counts times back from now, and takes no flag for one that was not given", () => {
  const given = { agent: "ada", kind: "receipt", since: "2h", until: ago(60), text: "dig" };
  const [sinceMs, untilMs] = [now.getTime() - 7_200_000, now.getTime() - 60_000];
  expect(read(given)).toEqual({ agent: ada, kind: expect.anything(), sinceMs, untilMs, text: "dig" });
  expect(Object.values(read({}))).toEqual([undefined, undefined, undefined, undefined, undefined]);
});

test("readFilter() refuses a span that ends before it begins, and takes one of a single moment", () => {
  expect(errorOf(() => read({ since: "1h", until: "2h" }))).toMatchObject({
    code: "usage",
    message: "--since 1h is later than --until 2h",
    hint: "2h means two hours ago: --since 2h --until 1h",
  });
  expect(read({ since: "1h", until: "1h" }).sinceMs).toBe(now.getTime() - 3_600_000);
  expect(read({ until: "1969-12-31" }).untilMs).toBeLessThan(0);
  expect(read({ until: "100000d" }).untilMs).toBe(0);
});

test("readFilter() names the flag whose time it cannot read, and the words that it does not know", () => {
  expect(errorOf(() => read({ since: "soon" })).message).toContain("--since");
  expect(errorOf(() => read({ until: "soon" })).message).toContain("--until");
  expect(errorOf(() => read({ kind: "recept" }))).toMatchObject({ code: "usage" });
  expect(errorOf(() => read({ agent: "a b" })).code).toBe("agent_id_invalid");
});
