import { expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { accessOf } from "../../../src/cli/serve/web-access.ts";
import { addNamedToken } from "../../../src/credentials/named-tokens.ts";
import { tempDir } from "../../support/temp-dir.ts";

test("accessOf() > with a damaged file of a token, the others count, and one line of the log names the file", async () => {
  await using dir = await tempDir();
  const now = () => new Date("2026-01-01T00:00:00Z");
  const { token } = await addNamedToken(dir.path, { name: "ci", scopes: ["read"], now: now() });
  const path = join(dir.path, "keys", "tokens", "bad.json");
  await writeFile(path, "{");
  const lines: string[] = [];
  const log = { warn: (line: string) => void lines.push(line) };
  const watched = { token: () => "the-operator's", onRotated: () => () => undefined };
  const own = { dataDir: dir.path, instance: "this", http: { port: 3000 }, tls: undefined, now, log };
  const findNamed = accessOf(watched, own)?.findNamed;
  for (let i = 0; i < 3; i += 1) expect(findNamed?.(token)?.name).toBe("ci");
  expect(findNamed?.(`${token}x`)).toBeUndefined();
  expect(lines).toHaveLength(1);
  expect(lines[0]).toStartWith(`cannot use ${path}: `);
});
