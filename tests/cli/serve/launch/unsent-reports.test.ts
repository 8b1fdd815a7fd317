// What a host has left to report is stored once, and what comes meanwhile is kept.
import { expect, test } from "bun:test";
import { sendUnsent } from "../../../../src/cli/serve/launch/unsent-reports.ts";
import { addUnsent, readUnsent } from "../../../../src/data-dir/run-file.ts";
import { silentLogger } from "../../../../src/log.ts";
import { ada } from "../../../support/agents.ts";
import { tempDir } from "../../../support/temp-dir.ts";

const receiptOf = (command_id: string) => ({
  receipts: [{ command_id, state: "applied", run: "r" } as const],
  goodbye: undefined,
});

test("sendUnsent() keeps what another run adds while that of the last one is being stored", async () => {
  await using dir = await tempDir();
  await addUnsent(dir.path, ada, receiptOf("c1"));
  const stored: string[] = [];
  const send = () =>
    sendUnsent(ada, {
      dataDir: dir.path,
      bus: {
        async publishStored(_, message) {
          if (stored.length === 0) await addUnsent(dir.path, ada, receiptOf("c2"));
          stored.push((message as { command_id: string }).command_id);
          return { seq: 1, duplicate: false };
        },
      },
      log: silentLogger,
    });
  expect(await send()).toBe(true);
  expect(await readUnsent(dir.path, ada)).toHaveLength(2);
  expect([await send(), await send(), new Set(stored)]).toEqual([true, false, new Set(["c1", "c2"])]);
  expect(await readUnsent(dir.path, ada)).toEqual([]);
});
