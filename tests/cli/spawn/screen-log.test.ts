import { expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { createScreenLog } from "../../../src/cli/spawn/screen-log.ts";
import { createLogger } from "../../../src/log.ts";
import { ada } from "../../support/agents.ts";
import { testContext } from "../../support/cli-context.ts";
import { tempDir } from "../../support/temp-dir.ts";

test("createScreenLog() > while the CLI has the screen, lines go to host.log, and the user is told where they are", async () => {
  await using dir = await tempDir();
  const onScreen: string[] = [];
  const logTo = (write: (line: string) => void) => createLogger("warn", write, () => new Date(0));
  const context = testContext({ log: logTo((line) => onScreen.push(line)), logTo });
  const { log, leaveScreen, returnToScreen } = createScreenLog(dir.path, ada, context);
  log.warn("before");
  leaveScreen();
  log.warn("NATS connection lost");
  log.info("below the level");
  expect(onScreen).toEqual(["1970-01-01T00:00:00.000Z warn before\n"]);
  returnToScreen();
  log.error("after");
  expect(onScreen[1]).toBe("1970-01-01T00:00:00.000Z error after\n");
  const path = dir.join("agents", "ada", "host.log");
  expect(await readFile(path, "utf8")).toBe("1970-01-01T00:00:00.000Z warn NATS connection lost\n");
  expect(context.noted).toEqual([`the log of this run has 1 line: ${path}`]);
});

test("createScreenLog() > without a line nothing is said", async () => {
  await using dir = await tempDir();
  const context = testContext();
  const screen = createScreenLog(dir.path, ada, context);
  screen.leaveScreen();
  screen.returnToScreen();
  expect(context.noted).toEqual([]);
});
