import { expect, test } from "bun:test";
import { sizeTable } from "../../.ci/build/size-table.ts";

test("sizeTable() is one line an executable, its parts in megabytes under the names of what they hold", () => {
  const parts = { program: 118_450_000, natsServer: 5_550_000, total: 124_000_000 };
  const rows = [
    { file: "dist/cliai", ...parts, serverVersion: "2.15.2", serverSource: "go" },
    {
      file: "dist/cliai-windows-x64.exe",
      ...parts,
      total: 99_994_999,
      serverVersion: "2.9.10",
      serverSource: "path",
    },
  ];
  expect(sizeTable(rows)).toBe(
    `
MB                           total  Bun and our code  nats-server  version (from)
dist/cliai                  124.00            118.45         5.55  2.15.2 (go)
dist/cliai-windows-x64.exe   99.99            118.45         5.55  2.9.10 (path)
`.trim(),
  );
});
