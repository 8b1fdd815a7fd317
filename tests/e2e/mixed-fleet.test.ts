// A fleet on three agent CLIs, offline: a captain in one orders agents in the two others, and people answer what those ask in one inbox.
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import type { CliDriver } from "../clis/cli-driver.ts";
import type { DrivenScript } from "../clis/driven-turn.ts";
import { claudeHeadless } from "../clis/drivers/claude.ts";
import { codexHeadless } from "../clis/drivers/codex.ts";
import { copilotHeadless } from "../clis/drivers/copilot.ts";
import { fetchAgent, type ShownAgent } from "../support/bridges.ts";
import { startChild } from "../support/child.ts";
import { cliaiCommand, type RunningServe, startServe } from "../support/cliai.ts";
import { lifeOf } from "../support/steered-claude.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

interface Member extends AsyncDisposable {
  readonly work: string;
  until(what: string, fits: (agent: ShownAgent) => boolean): Promise<ShownAgent>;
}

/** Resolves when the agent waits for its first task. */
async function join(
  serve: RunningServe,
  id: string,
  driver: CliDriver,
  { script, role = "agent" }: { readonly script: DrivenScript; readonly role?: "agent" | "captain" },
): Promise<Member> {
  await using parts = new AsyncDisposableStack();
  const dir = parts.use(await tempDir());
  const model = parts.use(await driver.startModel(script));
  const { work, env } = await driver.prepare(dir, model);
  const config = dir.join("config.json");
  const profile = { cli: driver.cli.name, role, ...driver.profile };
  await writeFile(config, JSON.stringify({ agents: { mine: profile } }));
  const place = ["--data-dir", serve.dataDir, "--config", config];
  const [program, ...args] = [...cliaiCommand(), "spawn", "mine", "--headless", "--id", id, ...place];
  const child = parts.use(
    await startChild(program, args, { cwd: work, env: { ...env, CLIAI_NO_START: "1" } }),
  );
  parts.defer(async () => void (await serve.run(["send", "stop", id, "--force", "--wait", "applied"])));
  const until: Member["until"] = async (what, fits) => {
    let last: ShownAgent | undefined;
    const look = async () => {
      last = await fetchAgent(serve, id).catch(() => last);
      return last !== undefined && fits(last) ? last : undefined;
    };
    return await waitFor(look, {
      what: `${id}: ${what}`,
      saw: () => ({ last, stderr: child.stderr }),
    });
  };
  await until(
    "it waits for a task",
    ({ session_id, axes }) => Boolean(session_id) && axes.link.value === "online",
  );
  const running = parts.move();
  return { work, until, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

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
    join(serve, "cap", claudeHeadless, { script, role: "captain" }).then((member) => parts.use(member)),
    join(serve, "cody", codexHeadless, { script: works(codexHeadless) }).then((member) => parts.use(member)),
    join(serve, "cop", copilotHeadless, { script: works(copilotHeadless) }).then((member) =>
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
  const told = await cap.until("its orders are given", (agent) =>
    lifeOf(agent, "t-1").includes("applied by result"),
  );
  expect(told.usage?.estimated_cost).toBeGreaterThan(0);
});
