import { expect, test } from "bun:test";
import { lendTerminal } from "../../../src/cli/top/lend-terminal.ts";
import { CliaiError } from "../../../src/domain/text/errors.ts";

async function lend(use: () => Promise<void>, reopens: () => void = () => undefined) {
  const steps: string[] = [];
  await lendTerminal({
    close: () => void steps.push("closed"),
    use,
    reopen() {
      steps.push("opened");
      reopens();
    },
    tell: (text) => void steps.push(`told: ${text}`),
    onEnd: (error) => void steps.push(`ends: ${(error as Error).message}`),
  });
  return steps;
}

test("the screen comes back after the other command, also if that failed", async () => {
  expect(await lend(() => Promise.resolve())).toEqual(["closed", "opened"]);
  const fails = () => Promise.reject(new CliaiError("no_answer", "no host"));
  expect(await lend(fails)).toEqual(["closed", "told: no host", "opened"]);
});

test("a terminal that has closed meanwhile, or does not open again, ends the command", async () => {
  const closes = () => Promise.reject(new CliaiError("interrupted", "interrupted"));
  expect(await lend(closes)).toEqual(["closed", "ends: interrupted"]);
  const fails = () => {
    throw new Error("EIO");
  };
  expect(await lend(() => Promise.resolve(), fails)).toEqual(["closed", "opened", "ends: EIO"]);
});
