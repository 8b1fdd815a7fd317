import { expect, test } from "bun:test";
import { join } from "node:path";
import { startChild } from "../../support/child.ts";

test("without --otlp no code of the export is loaded", async () => {
  const root = join(import.meta.dirname, "../../..");
  const script = `
    const loaded = () => Object.keys(require.cache).filter((path) => /opentelemetry|src.telemetry/.test(path)).length;
    await import("./src/cli/serve/serve.ts");
    const before = loaded();
    await import("./src/telemetry/telemetry.ts");
    console.log("modules", before, loaded() > 10);
  `;
  await using child = await startChild(process.execPath, ["-e", script], { cwd: root, stdin: "ignore" });
  expect(await child.line(/^modules/)).toBe("modules 0 true");
});
