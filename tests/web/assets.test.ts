import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { startChild } from "../support/child.ts";

const projectDir = join(import.meta.dirname, "..", "..");
const scriptsDir = join(projectDir, "src", "web", "browser");

describe("the scripts of assets", () => {
  test("hold the compiler's strictest types", async () => {
    const compiler = join(projectDir, "node_modules", "typescript", "bin", "tsc");
    await using check = await startChild(process.execPath, [compiler, "--noEmit", "-p", scriptsDir]);
    const { code, stdout } = await check.exit();
    expect(stdout).toBe("");
    expect(code).toBe(0);
  });
});
