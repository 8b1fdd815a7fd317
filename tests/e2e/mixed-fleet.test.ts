// A fleet on three agent CLIs, offline: a captain in one orders agents in the two others, and people answer what those ask in one inbox.
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import type { CliDriver } from "../clis/cli-driver.ts";
import type { DrivenScript } from "../clis/driven-turn.ts";
import { claudeHeadless } from "../clis/drivers/claude.ts";
import { codexHeadless } from "../clis/drivers/codex.ts";
import { copilotHeadless } from "../clis/drivers/copilot.ts";
import { joinFleet } from "../clis/fleet-member.ts";
import { startServe } from "../support/cliai.ts";
import { lifeOf } from "../support/steered-claude.ts";
import { waitFor } from "../support/wait-for.ts";

interface Asked {
  readonly request_id: string;
  readonly agent_id: string;
  readonly kind: string;
}

const order = (id: string) =>
  claudeHeadless.ownTool("command_agent", { id, type: "task", payload: "MAKE-IT" }).toolUses ?? [];

test("a captain on Claude Code orders agents on Codex and Copilot CLI, whose permissions are given in one inbox", async () => {
  await using serve = await startServe();
  const works = (driver: CliDriver): DrivenScript => ({
    rules: [{ match: "MAKE-IT", once: true, turn: driver.shell("touch made") }],
    fallback: { text: "It is made." },
  });
  const orders = { toolUses: [...order("cody"), ...order("cop")] };
  const script = {
    rules: [{ match: "GIVE-ORDERS", once: true, turn: orders }],
    fallback: { text: "Ordered." },
  };
  await using parts = new AsyncDisposableStack();
  const [cap, cody, cop] = await Promise.all([
    joinFleet(serve, "cap", claudeHeadless, { script, role: "captain" }).then((member) => parts.use(member)),
    joinFleet(serve, "cody", codexHeadless, { script: works(codexHeadless) }).then((member) =>
      parts.use(member),
    ),
    joinFleet(serve, "cop", copilotHeadless, { script: works(copilotHeadless) }).then((member) =>
      parts.use(member),
    ),
  ]);
  const listed = (await serve.run(["ls"])).stdout;
  for (const row of [/^cap .* claude /m, /^cody .* codex /m, /^cop .* copilot /m])
    expect(listed).toMatch(row);

  expect(await serve.run(["send", "task", "cap", "GIVE-ORDERS", "--id", "t-1"])).toMatchObject({ code: 0 });
  const asked = await waitFor(
    async () => {
      const open = (await (await serve.fetch("/api/requests")).json()) as readonly Asked[];
      return open.length === 2 && open;
    },
    { what: "both ask for a permission" },
  );
  expect(asked.map(({ agent_id, kind }) => `${agent_id} ${kind}`).sort()).toEqual([
    "cody permission",
    "cop permission",
  ]);
  expect([cody, cop].some(({ work }) => existsSync(`${work}/made`))).toBe(false);
  for (const { request_id } of asked) {
    expect(await serve.run(["answer", request_id, "--approve"])).toMatchObject({ code: 0 });
  }
  for (const member of [cody, cop]) {
    const done = await member.until("the captain's task is done", ({ commands }) =>
      commands.some(({ receipts }) => receipts.at(-1)?.state === "applied"),
    );
    const tasks = done.commands.filter(({ type }) => type === "task");
    expect(tasks).toMatchObject([{ from: "cap", summary: "MAKE-IT" }]);
    expect(existsSync(`${member.work}/made`)).toBe(true);
    // Their CLIs tell no cost, which is not a cost of 0.
    expect(done.usage).not.toHaveProperty("estimated_cost");
  }
  await cap.until("its orders are given", (agent) => lifeOf(agent, "t-1").includes("applied by result"));
  await cap.until("its cost is told", ({ usage }) => (usage?.estimated_cost ?? 0) > 0);
});
