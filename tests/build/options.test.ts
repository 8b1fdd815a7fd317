import { expect, test } from "bun:test";
import { join } from "node:path";
import { parseBuildOptions } from "../../.ci/build/options.ts";
import { targetNames } from "../../.ci/build/targets.ts";
import { startChild } from "../support/child.ts";

test("without options this machine's own executable is built", () => {
  expect(parseBuildOptions([])).toEqual({
    targets: [],
    serverPath: undefined,
    ifChanged: false,
    isRelease: false,
    downloadUrl: undefined,
    help: false,
  });
});

test("targets may be repeated, count once, and --all is all of them", () => {
  const twice = ["--target", "linux-x64", "--target=darwin-arm64", "--target", "linux-x64"];
  expect(parseBuildOptions(twice).targets).toEqual(["linux-x64", "darwin-arm64"]);
  expect(parseBuildOptions(["--all"]).targets).toEqual(targetNames);
});

test.each([
  [["--tarfet", "x"], "--tarfet"],
  [["--target", "linux-mips"], "linux-mips"],
  [["--target", "constructor"], "constructor"],
  [["--target"], "--target"],
  [["--all", "--target", "linux-x64"], "--all and --target"],
  [["linux-x64"], "linux-x64"],
  [["--all", "--nats-server", "/x"], "/x"],
  [["--download-url", "https://example.org"], "https://example.org"],
  [["--all", "--download-url", "ftp://x"], "ftp://x"],
  [["--all", "--download-url", "https://x/$(id)"], "https://x/"],
])("parseBuildOptions(%j) is refused and names %s", (args, named) => {
  expect(() => parseBuildOptions(args)).toThrow(named);
});

test("build.ts answers a wrong flag with one line, a hint and exit code 2, before it builds anything", async () => {
  const script = join(import.meta.dirname, "..", "..", "build.ts");
  await using child = await startChild(process.execPath, [script, "--target", "linux-mips"]);
  const { code, stdout, stderr } = await child.exit();
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toBe(`error: unknown target linux-mips\nhint: one of ${targetNames.join(", ")}\n`);
});
