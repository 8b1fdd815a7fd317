import { expect, test } from "bun:test";
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { fastClockEnv } from "./fast-clock.ts";
import { tempDir } from "./temp-dir.ts";

const program = `
const timers = require("node:timers/promises");
const fired = [];
setTimeout(() => fired.push("an hour"), 3_500_000);
setTimeout(() => fired.push("two hours"), 7_200_000).unref();
const cleared = setTimeout(() => fired.push("cleared"), 60_000);
clearTimeout(cleared);
AbortSignal.timeout(600_000).addEventListener("abort", () => fired.push("ten minutes"));
let ticks = 0;
const ticking = setInterval(() => ++ticks === 3 && (clearInterval(ticking), fired.push("three half minutes")), 30_000);
timers.setTimeout(1_800_000, "half an hour").then((words) => fired.push(words));
setTimeout(() => process.stdout.write(fired.join(", ")), 3_600);
`;

test("stayForAnHour(): the long timers of a program run fast, its short ones do not", async () => {
  await using dir = await tempDir();
  const env = { ...process.env, ...fastClockEnv(dir) };
  await writeFile(dir.join("fast-clock"), "");
  const { stdout } = await promisify(execFile)("node", ["-e", program], { env });
  expect(stdout).toBe("three half minutes, ten minutes, half an hour, an hour");
});
