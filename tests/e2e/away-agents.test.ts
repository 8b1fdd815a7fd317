// What the page does about an agent that does not run, with the real Claude Code: it is started again in its session, and removed.
import { expect, test } from "bun:test";
import type { AgentView } from "../../src/domain/fleet/agent-view.ts";
import { fetchAgent } from "../support/bridges.ts";
import { prepareClaude } from "../support/claude-code.ts";
import { startServe, untilApplied } from "../support/cliai.ts";
import { startModelServer } from "../support/model-server.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

test("an agent whose host was killed in its turn needs somebody, goes on in its session from the page, and is removed there once it is stopped", async () => {
  await using dir = await tempDir();
  await using model = await startModelServer({
    rules: [
      { match: "think long", once: true, turn: { text: "Never said.", delayMs: 60_000 } },
      { match: "Go on where you were", turn: { text: "On it again." } },
    ],
  });
  const { work, env } = await prepareClaude(dir, model);
  await using serve = await startServe({ env });
  const act = async (act: string) => {
    const response = await serve.fetch("/needs", {
      ...{ method: "POST", body: new URLSearchParams({ act, agents: "bob" }) },
      headers: { accept: "application/json" },
    });
    return ((await response.json()) as { said: string }).said;
  };
  const bob = async () => (await fetchAgent(serve, "bob")) as unknown as AgentView;
  const until = (what: string, fits: (view: AgentView) => boolean) =>
    waitFor(async () => fits(await bob()), { what, saw: bob });
  const body = JSON.stringify({ profile: "demo", project: work, id: "bob", task: "think long" });
  const headers = { "content-type": "application/json" };
  expect((await serve.fetch("/api/agents", { method: "POST", headers, body })).status).toBe(201);
  await until(
    "it is in its turn",
    ({ status, session }) => status === "working" && session?.turn !== undefined,
  );
  const { session_id, pid = 0 } = await bob();
  expect(pid).toBeGreaterThan(1);
  process.kill(pid, "SIGKILL");
  await until("it has died", ({ needs }) => needs[0]?.kind === "died");
  expect((await bob()).needs[0]?.reason).toStartWith("while working: its host has ended without a word");
  expect((await serve.run(["inbox"])).stdout).toContain("  cliai resume bob\n");

  expect(await act("resume")).toMatch(/^bob: .*started again without a terminal, in its session\.$/);
  // Its task comes once more after these words, so they are not its last ones for long.
  await waitFor(async () => (await serve.run(["log", "bob"])).stdout.includes("On it again."), {
    what: "it goes on",
    saw: bob,
  });
  await until("nothing waits for a person", ({ needs }) => needs.length === 0);
  expect((await bob()).session_id).toBe(session_id);
  expect(await act("remove")).toMatch(/^bob: bob is online \(stop it first/);
  await serve.run(["send", "stop", "bob", ...untilApplied]);
  await waitFor(async () => (await act("remove")) === "bob: removed.", { what: "it is removed" });
  expect((await serve.fetch("/api/agents/bob")).status).toBe(404);
});
