// Under Deno or Bun: fills an index, finds in it, opens it again, and mends it. Prints what it found.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { silentLogger } from "../../src/log.ts";
import { matchOf, parseQuery } from "../../src/search/query.ts";
import { openSearchIndex } from "../../src/search/search-index.ts";

const dir = mkdtempSync(join(tmpdir(), "cliai-"));
const path = join(dir, "index.db");
const open = async () => {
  const index = await openSearchIndex({ path, maxBytes: 1_000_000_000, log: silentLogger });
  index.begin("AUDIT", "first");
  return index;
};
const found: Record<string, unknown> = {};
const index = await open();
const texts = ["no answer from the café", "the answer is no", "routing"];
const entries = Array.from({ length: 1_500 }, (_, at) => ({
  ...{ seq: at + 1, agent_id: at % 2 === 0 ? "ada" : "bob", kinds: ["said"] },
  text: `${texts[at] ?? "filler"} word${at}`,
}));
index.add("AUDIT", entries, 1_500);
const find = (text: string, agents?: string[]) =>
  index.find("AUDIT", matchOf(parseQuery(text), { agents }), { from: 0, limit: 10 });
found.phrase = find('"no answer" CAFE');
found.beginning = find("rout*");
found.ofBob = find("answer", ["bob"]);
found.forgotten = index.forget("ada", { AUDIT: 2 });
found.left = find("answer");
index.close();
const again = await open();
found.position = again.position("AUDIT");
again.close();
writeFileSync(path, readFileSync(path).fill(0x5a, 4_096));
const mended = await open();
found.mended = mended.position("AUDIT").seq;
mended.close();
rmSync(dir, { recursive: true });
process.stdout.write(`${JSON.stringify(found)}\n`);
