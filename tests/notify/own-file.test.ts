import { describe, expect, test } from "bun:test";
import { chmod, mkdir, rm, writeFile } from "node:fs/promises";
import type { CliaiError } from "../../src/domain/text/errors.ts";
import { type OwnFileRead, readOwnFile, watchOwnFile } from "../../src/notify/own-file.ts";
import { tempDir } from "../support/temp-dir.ts";
import { until } from "../support/wait-for.ts";

const problem = (reading: Promise<unknown>) =>
  reading.then(
    () => "none",
    ({ code, message, hint }: CliaiError) => `${code}: ${message}; ${hint}`,
  );

describe("readOwnFile()", () => {
  test("reads a file, and says undefined of one that is not there", async () => {
    await using dir = await tempDir();
    const file = { path: dir.join("f.json"), isSecret: true };
    expect(await readOwnFile(file)).toBeUndefined();
    await writeFile(file.path, "{}", { mode: 0o600 });
    expect(await readOwnFile(file)).toBe("{}");
  });

  test.skipIf(process.platform === "win32")(
    "refuses a file that others can change, and one with secrets that others can read",
    async () => {
      await using dir = await tempDir();
      const path = dir.join("f.json");
      await writeFile(path, "{}");
      await chmod(path, 0o644);
      expect(await readOwnFile({ path, isSecret: false })).toBe("{}");
      expect(await problem(readOwnFile({ path, isSecret: true }))).toBe(
        `config_invalid: ${path} is not used: other users can read it, and it may hold secrets (mode 644); chmod 600 ${path}`,
      );
      await chmod(path, 0o666);
      expect(await problem(readOwnFile({ path, isSecret: false }))).toBe(
        `config_invalid: ${path} is not used: other users can change it (mode 666); chmod go-w ${path}`,
      );
    },
  );

  test("refuses what is not a file", async () => {
    await using dir = await tempDir();
    await mkdir(dir.join("f.json"));
    expect(await problem(readOwnFile({ path: dir.join("f.json"), isSecret: false }))).toContain(
      "cannot read",
    );
  });
});

test("watchOwnFile() tells what the file holds at once, and each change of it: also that it is gone, and that it may not be used", async () => {
  await using dir = await tempDir();
  const path = dir.join("f.json");
  const seen: OwnFileRead[] = [];
  const watch = watchOwnFile({ path, isSecret: true }, (read) => seen.push(read));
  await watch.first;
  expect(seen).toEqual([undefined]);
  await writeFile(path, "1", { mode: 0o600 });
  await until("the text", () => seen.at(-1) === "1");
  await rm(path);
  await until("its end", () => seen.at(-1) === undefined);
  await writeFile(path, "12", { mode: 0o600 });
  await until("another text", () => seen.at(-1) === "12");
  if (process.platform !== "win32") {
    await chmod(path, 0o644);
    await until("a refusal", () => typeof seen.at(-1) === "object");
  }
  watch.stop();
});
