// A task for an agent that does not run: taken when its bridge comes in time, and left when it comes too late.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { fetchAgent, startBridge } from "../support/bridges.ts";
import { type RunningServe, startServe } from "../support/cliai.ts";
import { callTool, initialize } from "../support/mcp-lines.ts";
import { waitFor } from "../support/wait-for.ts";

interface Handout {
  readonly items: readonly { readonly command_id: string; readonly text: string }[];
}

describe("a task for an agent that is not running", () => {
  let serve: RunningServe;
  beforeAll(async () => {
    serve = await startServe();
  });
  afterAll(() => serve[Symbol.asyncDispose]());

  /** Known to the server, and gone. */
  async function agentThatWent(id: string): Promise<void> {
    await using bridge = await startBridge(serve, id);
    bridge.endInput();
    await bridge.exit();
    await waitFor(async () => (await fetchAgent(serve, id)).axes.link.value === "offline", {
      what: `${id} is offline`,
    });
  }
  async function sendTask(id: string, key: string, expiresS: number): Promise<void> {
    const how = ["--id", key, "--expires", String(expiresS), "--wait", "stored"];
    expect(await serve.run(["send", "task", id, "build it", ...how])).toMatchObject({ code: 0 });
  }
  const statesOf = async (id: string, key: string) =>
    (await fetchAgent(serve, id)).commands
      .find(({ command_id }) => command_id === key)
      ?.receipts.map(({ state }) => state) ?? [];

  test("its bridge comes before the expiry: the agent is given it, and applies it", async () => {
    await agentThatWent("ada");
    await sendTask("ada", "in-time", 3_600);
    await using ada = await startBridge(serve, "ada");
    await initialize(ada);
    await waitFor(async () => (await statesOf("ada", "in-time")).includes("delivered"), {
      what: "its delivery",
    });
    const { items } = JSON.parse((await callTool(ada, 1, "check_inbox", {})).text) as Handout;
    expect(items).toMatchObject([{ command_id: "in-time", text: "build it" }]);
    const said = await callTool(ada, 2, "acknowledge", { command_id: "in-time", outcome: "applied" });
    expect(said.text).toBe("recorded as applied");
    await waitFor(async () => (await statesOf("ada", "in-time")).includes("applied"), {
      what: "its end",
      saw: () => statesOf("ada", "in-time"),
    });
  });

  test("its bridge comes after the expiry: it is reported as expired, and never given", async () => {
    await agentThatWent("bob");
    await sendTask("bob", "too-late", 0.5);
    const sentAt = Date.now();
    await waitFor(() => Date.now() > sentAt + 500, { what: "its expiry" });
    await using bob = await startBridge(serve, "bob");
    await initialize(bob);
    await waitFor(async () => (await statesOf("bob", "too-late")).includes("expired"), {
      what: "the receipt",
      saw: () => statesOf("bob", "too-late"),
    });
    expect(await statesOf("bob", "too-late")).toEqual(["stored", "expired"]);
    const { items } = JSON.parse((await callTool(bob, 1, "check_inbox", {})).text) as Handout;
    expect(items).toEqual([]);
    const again = await serve.run(["send", "task", "bob", "build it", "--id", "too-late"]);
    expect(again).toMatchObject({ code: 4, stderr: expect.stringContaining("expired before bob took it") });
  });
});
