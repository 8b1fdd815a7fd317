import { expect, test } from "bun:test";
import { existsSync, statSync } from "node:fs";
import { isAgentHeld, takeAgentLock } from "../../src/data-dir/agent-lock.ts";
import { ada, bob } from "../support/agents.ts";
import { tempDir } from "../support/temp-dir.ts";

test("takeAgentLock() lets one spawn run an agent; another agent is free, and so is it when the first has ended", async () => {
  await using dir = await tempDir();
  const data = dir.join("fleet");
  expect(isAgentHeld(data, ada)).toBe(false);
  expect(existsSync(data)).toBe(false);
  const lock = await takeAgentLock(data, ada);
  expect([isAgentHeld(data, ada), isAgentHeld(data, bob)]).toEqual([true, false]);
  await expect(takeAgentLock(data, ada)).rejects.toMatchObject({
    ...{ code: "already_running", message: expect.stringContaining('"ada"') },
    hint: expect.stringContaining("cliai send stop ada"),
  });
  (await takeAgentLock(data, bob)).release();
  lock.release();
  expect(isAgentHeld(data, ada)).toBe(false);
  (await takeAgentLock(data, ada)).release();
  if (process.platform !== "win32") expect(statSync(data).mode & 0o077).toBe(0);
});
