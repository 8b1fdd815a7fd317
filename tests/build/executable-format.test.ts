import { expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { executableFormatOf, goServerVersionOf } from "../../.ci/build/executable-format.ts";

test("executableFormatOf() knows the program that runs this test", async () => {
  const format = { linux: "elf", darwin: "macho", win32: "pe" }[process.platform as "linux"];
  expect(executableFormatOf(await readFile(process.execPath))).toBe(`${format}-${process.arch}` as "elf-x64");
});

test.each([
  ["nothing", ""],
  ["a script", "#!/bin/sh\n".padEnd(200)],
  ["a DOS program without a PE header", "MZ".padEnd(200)],
  ["a PE header that points past the end", `MZ${"\xff".repeat(200)}`],
])("executableFormatOf() takes %s for no executable", (_, text) => {
  expect(executableFormatOf(Buffer.from(text, "latin1"))).toBeUndefined();
});

test.each([
  ["\nmod\tgithub.com/nats-io/nats-server/v2\tv2.15.2\th1:x=\n", "2.15.2"],
  ["\ndep\tgithub.com/nats-io/nats-server/v2\tv2.15.2-RC.1\t\n", "2.15.2-RC.1"],
  ["\nmod\tgithub.com/nats-io/nats-server/v2\t(devel)\t\n", undefined],
  ["\ndep\tgithub.com/nats-io/nats.go\tv1.2.3\t\n", undefined],
])("goServerVersionOf(%j) is %p", (text, version) => {
  expect(goServerVersionOf(Buffer.from(text))).toBe(version);
});
