// Usage limits of accounts, on a real nats-server: who is held until when, who goes on with what, over a jump of the clock and a restart.
import { describe, expect, test } from "bun:test";
import type { AgentView } from "../../../src/domain/fleet/agent-view.ts";
import { badgeOf } from "../../../src/domain/fleet/needs/badge.ts";
import { holderName } from "../../../src/domain/holding/hold.ts";
import { type AgentId, parseAgentId } from "../../../src/domain/wire/agent-id.ts";
import { startTestServer, type TestServer, type TestServerOptions } from "../../support/test-server.ts";
import { stays, waitFor } from "../../support/wait-for.ts";

/** A fleet on a real nats-server, whose clock can be set forward. */
async function startFleet(options: TestServerOptions = {}) {
  let aheadMs = 0;
  let beat = 1;
  const now = () => new Date(Date.now() + aheadMs);
  let run = await startTestServer({ ...options, now });
  const runs = new Map<string, { readonly instance_id: string; seq: number }>();
  const view = (name: string): AgentView | undefined => run.server.fleet.get(parseAgentId(name));
  const tell = async (name: string, kind: string, more: object = {}) => {
    const known = runs.get(name);
    if (known === undefined) throw new Error(`${name} has no run`);
    known.seq += 1;
    const { instance_id, seq } = known;
    const event = { agent_id: name, kind, instance_id, generation: 1, seq, ...more };
    await run.bus.publishStored(`agent.${name}.event`, event);
  };
  const orders = (name: string) => (view(name)?.commands ?? []).map(({ type, from }) => `${type} by ${from}`);
  return {
    ...{ view, orders, tell },
    in: (ms: number) => new Date(now().getTime() + ms).toISOString(),
    ahead: (ms: number) => {
      aheadMs += ms;
    },
    server: () => run.server,
    async restart(meanwhile?: () => void) {
      run = await run.restart(() => Promise.resolve(meanwhile?.()));
    },
    async agent(name: string, more: object = {}) {
      const instance_id = crypto.randomUUID();
      runs.set(name, { instance_id, seq: 0 });
      const beat = { agent_id: name, status: "working", instance_id, interval_s: 3_600, seq: 1, ...more };
      run.bus.publish(`agent.${name}.heartbeat`, beat);
      await waitFor(() => view(name)?.heartbeat?.instance_id === instance_id, { what: name });
      await tell(name, "session_start");
    },
    /** The agent is heard again. */
    async beats(name: string, more: object) {
      const [{ instance_id } = { instance_id: "" }, seq] = [runs.get(name), ++beat];
      const said = { agent_id: name, status: "working", instance_id, interval_s: 3_600, seq, ...more };
      run.bus.publish(`agent.${name}.heartbeat`, said);
      await waitFor(() => view(name)?.axes.link.value === "online", { what: `${name} is online` });
    },
    /** A turn of the agent fails. */
    async fails(name: string, resetsAt?: string, error = "usage_limit") {
      await tell(name, "prompt", { detail: "mend the test" });
      const limit = resetsAt === undefined ? {} : { limit_resets_at: resetsAt };
      await tell(name, "turn_failed", { error, detail: "the limit is reached", ...limit });
    },
    /** The agent's host stores a receipt. */
    async tells(
      name: string,
      receipt: { readonly command_id: string; readonly state: string; readonly [more: string]: string },
    ) {
      await run.bus.publishStored(`agent.${name}.receipt`, receipt);
      const isRead = () =>
        view(name)?.commands.some(
          ({ command_id, receipts }) => command_id === receipt.command_id && receipts.length > 1,
        );
      await waitFor(() => isRead() === true, { what: "its receipt" });
    },
    async succeeds(name: string) {
      await tell(name, "prompt");
      await tell(name, "turn_end");
    },
    /** The agent carries out all that it was told. */
    async carryOut(name: string) {
      for (const { command_id, type, receipts } of view(name)?.commands ?? []) {
        if (type === "task" || receipts.at(-1)?.state === "applied") continue;
        await run.bus.publishStored(`agent.${name}.receipt`, { command_id, state: "applied" });
      }
    },
    async isTold(name: string, ...told: readonly string[]) {
      await waitFor(() => orders(name).join() === told.join(), {
        what: `${name}: ${told.join()}`,
        saw: () => [orders(name), view(name)?.holds],
      });
    },
    async hasStatus(name: string, status: string) {
      await waitFor(() => view(name)?.status === status, {
        what: `${name} is ${status}`,
        saw: () => view(name)?.axes,
      });
    },
    [Symbol.asyncDispose]: () => (run as TestServer)[Symbol.asyncDispose](),
  };
}

const [pause, resume, task, stop] = ["pause", "resume", "task", "stop"].map(
  (type) => `${type} by ${holderName}`,
) as [string, string, string, string];
const shared = { account: "one" };

describe("a usage limit", () => {
  test("holds all agents of its account until its end, which is shown, and needs nobody; others work on", async () => {
    await using fleet = await startFleet();
    await fleet.agent("ada", shared);
    await fleet.agent("bob", { ...shared, priority: 5 });
    await fleet.agent("eve", { account: "two" });
    const resets = fleet.in(120_000);
    await fleet.fails("ada", resets);
    await fleet.isTold("ada", pause);
    await fleet.isTold("bob", pause);
    await fleet.carryOut("ada");
    await fleet.carryOut("bob");
    await fleet.hasStatus("bob", "held");
    await fleet.hasStatus("ada", "stuck");
    const [ada, bob] = [fleet.view("ada"), fleet.view("bob")];
    // By priority, bob goes on first.
    expect(bob?.axes.control).toMatchObject({ reason: "usage limit", until: resets });
    expect(Date.parse(ada?.axes.attention.until ?? "")).toBe(Date.parse(resets) + 30_000);
    expect(ada?.needs).toEqual([]);
    expect(ada && badgeOf(ada)).toMatchObject({ text: "stuck", detail: "usage limit" });
    expect(fleet.orders("eve")).toEqual([]);

    fleet.ahead(120_500);
    await fleet.isTold("bob", pause, resume);
    fleet.ahead(30_000);
    await fleet.isTold("ada", pause, task, resume);
    expect(fleet.view("ada")?.commands.find(({ type }) => type === "task")?.summary).toContain("usage limit");
    expect(fleet.orders("bob")).toEqual([pause, resume]);
  });

  test("survives a restart of the server, also one that misses its end; what goes on is told once", async () => {
    await using fleet = await startFleet();
    await fleet.agent("ada", shared);
    await fleet.fails("ada", fleet.in(600_000));
    await fleet.isTold("ada", pause);
    await fleet.carryOut("ada");
    const ends = fleet.view("ada")?.holds?.[0]?.until;
    expect(ends).toBeDefined();
    await fleet.restart();
    expect(fleet.view("ada")?.holds?.[0]?.until).toBe(ends as string);
    expect(fleet.view("ada")?.axes.attention.until).toBe(ends as string);
    await fleet.restart(() => fleet.ahead(3_000_000));
    await fleet.isTold("ada", pause, task, resume);
    await fleet.restart();
    expect(fleet.orders("ada")).toEqual([pause, task, resume]);
  });

  test("whose end nobody knows says so, and ends when an agent of the account has had an answer", async () => {
    await using fleet = await startFleet();
    await fleet.agent("ada", shared);
    await fleet.agent("bob", shared);
    await fleet.fails("ada");
    await fleet.isTold("ada", pause);
    await fleet.isTold("bob", pause);
    await fleet.carryOut("ada");
    await fleet.carryOut("bob");
    await fleet.hasStatus("bob", "held");
    expect(fleet.view("bob")?.axes.control.reason).toBe("usage limit, whose end is not known");
    const given = { id: "bob" as AgentId, type: "resume", from: "kim" } as const;
    await fleet.server().sendCommand(given);
    await fleet.succeeds("bob");
    await fleet.isTold("ada", pause, task, resume);
    expect(fleet.orders("bob")).toEqual([pause, "resume by kim"]);
  });

  test("that a person overrides lets the agent go on with its task at once, and does not hold it again", async () => {
    await using fleet = await startFleet();
    await fleet.agent("ada", shared);
    await fleet.fails("ada", fleet.in(600_000));
    await fleet.isTold("ada", pause);
    await fleet.carryOut("ada");
    await fleet.server().sendCommand({ id: "ada" as AgentId, type: "resume", from: "kim" });
    await fleet.isTold("ada", pause, "resume by kim", task);
    // It was too early. At the end of the limit it gets another one.
    await fleet.fails("ada", fleet.view("ada")?.session?.turn_error?.limit_resets_at);
    await waitFor(() => fleet.view("ada")?.needs[0]?.kind === "limit", { what: "a need" });
    fleet.ahead(600_500);
    await fleet.isTold("ada", pause, "resume by kim", task, task);
  });

  test("lets an agent that has failed again go on as often as a person resumes it", async () => {
    await using fleet = await startFleet();
    await fleet.agent("ada", shared);
    const resumes = async (...before: readonly string[]) => {
      await fleet.server().sendCommand({ id: "ada" as AgentId, type: "resume", from: "kim" });
      await fleet.isTold("ada", ...before, "resume by kim", ...(before.length === 1 ? [task] : []));
      await fleet.carryOut("ada");
    };
    const resets = fleet.in(600_000);
    await fleet.fails("ada", resets);
    await fleet.isTold("ada", pause);
    await fleet.carryOut("ada");
    await resumes(pause);
    await fleet.fails("ada", resets);
    await waitFor(() => fleet.view("ada")?.needs[0]?.kind === "limit", { what: "a need" });
    await resumes(pause, "resume by kim", task);
    await fleet.isTold("ada", pause, "resume by kim", task, "resume by kim", task);
    // That was too early as well: it waits for the end, or the next resume.
    await fleet.fails("ada", resets);
    await waitFor(() => fleet.view("ada")?.needs[0]?.kind === "limit", { what: "a need" });
    await stays(() => fleet.orders("ada").length === 5, {
      ...{ what: "it is told nothing", because: "limits are looked at twice a second", forMs: 1_200 },
    });
  });

  test("names every task that has failed at it in the task to go on, and none that ended before it", async () => {
    await using fleet = await startFleet();
    await fleet.agent("ada", shared);
    const ends = async (text: string, state: "applied" | "failed") => {
      const order = { id: "ada" as AgentId, type: "task", text, from: "kim" } as const;
      const { command_id } = await fleet.server().sendCommand(order);
      await fleet.tells("ada", { command_id, state, route: "result", detail: "its turn has ended" });
    };
    await ends("count the words", "applied");
    const resets = fleet.in(600_000);
    for (const text of ["mend the test", "write the docs"]) {
      await fleet.fails("ada", resets);
      await ends(text, "failed");
    }
    await fleet.isTold("ada", "task by kim", "task by kim", "task by kim", pause);
    await fleet.carryOut("ada");
    fleet.ahead(600_500);
    await fleet.isTold("ada", "task by kim", "task by kim", "task by kim", pause, task, resume);
    const goOn = fleet.view("ada")?.commands.find(({ from, type }) => from === holderName && type === "task");
    expect(goOn?.summary).toContain("1. mend the test");
    expect(goOn?.summary).toContain("2. write the docs");
    expect(goOn?.summary).not.toContain("count the words");
  });

  test("gives its task to an agent that is still held or paused at the end only when it goes on", async () => {
    await using fleet = await startFleet();
    const [ada, bob] = ["ada" as AgentId, "bob" as AgentId];
    for (const name of [ada, bob]) await fleet.agent(name, shared);
    await fleet.fails("ada", fleet.in(600_000));
    await fleet.fails("bob", fleet.in(600_000));
    await fleet.isTold("ada", pause);
    await fleet.isTold("bob", pause);
    await fleet.server().sendCommand({ id: ada, type: "pause", from: "kim" });
    await fleet.server().holding.hold(bob, { reason: "budget", source: "b-1", words: "its budget" });
    for (const name of [ada, bob]) await fleet.carryOut(name);
    fleet.ahead(660_000);
    const limits = (name: string) =>
      (fleet.view(name)?.holds ?? []).filter(({ reason }) => reason === "usage_limit").length;
    await waitFor(() => limits("ada") + limits("bob") === 0, { what: "the end of the limit" });
    expect(fleet.orders("bob")).toEqual([pause]);
    await fleet.server().holding.letGo(bob, "budget", "b-1");
    await fleet.isTold("bob", pause, resume, task);
    await fleet.carryOut("bob");
    expect(fleet.orders("ada")).toEqual([pause, "pause by kim"]);
    await fleet.server().sendCommand({ id: ada, type: "resume", from: "kim" });
    await fleet.isTold("ada", pause, "pause by kim", "resume by kim", task);
  });

  test("gives its task also to an agent that a person lets go on the next day, over a restart", async () => {
    await using fleet = await startFleet();
    await fleet.agent("ada", shared);
    await fleet.fails("ada", fleet.in(600_000));
    await fleet.isTold("ada", pause);
    await fleet.server().sendCommand({ id: "ada" as AgentId, type: "pause", from: "kim" });
    await fleet.carryOut("ada");
    // Longer than a limit is remembered for itself.
    fleet.ahead(10 * 3_600_000);
    await fleet.beats("ada", shared);
    await waitFor(() => fleet.view("ada")?.holds === undefined, { what: "the end of the limit" });
    await fleet.restart();
    await fleet.beats("ada", shared);
    expect(fleet.orders("ada")).toEqual([pause, "pause by kim"]);
    await fleet.server().sendCommand({ id: "ada" as AgentId, type: "resume", from: "kim" });
    await fleet.isTold("ada", pause, "pause by kim", "resume by kim", task);
  });

  test("is for a profile that says so what a person ends, or what stops the agent; serve has the default", async () => {
    await using fleet = await startFleet({ onLimit: "stop" });
    await fleet.agent("ada", { ...shared, on_limit: "hold" });
    await fleet.agent("bob", shared);
    await fleet.fails("ada", fleet.in(60_000));
    await fleet.isTold("bob", stop);
    await fleet.isTold("ada", pause);
    await fleet.carryOut("ada");
    await waitFor(() => fleet.view("ada")?.holds?.[0]?.words.includes("when a person resumes it"), {
      what: "why",
    });
    expect(fleet.view("ada")?.needs).toMatchObject([{ kind: "limit" }]);
    fleet.ahead(120_000);
    await fleet.server().sendCommand({ id: "ada" as AgentId, type: "resume", from: "kim" });
    await fleet.isTold("ada", pause, "resume by kim", task);
  });

  test("does by group what serve is set to: the first group that an agent matches", async () => {
    await using fleet = await startFleet({ onLimit: "resume; tag:night=hold; tag:api=stop" });
    await fleet.agent("ada", shared);
    await fleet.agent("bob", { ...shared, tags: ["night"] });
    await fleet.agent("eve", { ...shared, tags: ["api"] });
    await fleet.fails("ada", fleet.in(600_000));
    await fleet.isTold("ada", pause);
    await fleet.isTold("bob", pause);
    await fleet.isTold("eve", stop);
    const ends = (name: string) => fleet.view(name)?.holds?.map(({ until }) => until !== undefined);
    expect([ends("ada"), ends("bob")]).toEqual([[true], [false]]);
  });

  test("at which a CLI asks again by itself holds the others of its account as long as it does", async () => {
    await using fleet = await startFleet();
    await fleet.agent("ada", shared);
    await fleet.agent("bob", shared);
    await fleet.tell("ada", "prompt");
    const tries = (error: string, more: object = {}) =>
      fleet.tell("ada", "retry", { error, detail: "attempt 2: 429", ...more });
    await tries("overloaded");
    await tries("usage_limit");
    // A limit that is over in a moment holds nobody.
    await stays(() => fleet.orders("bob").length === 0, {
      ...{ what: "bob is not held", because: "limits are looked at twice a second", forMs: 1_500 },
    });
    fleet.ahead(10_000);
    await fleet.isTold("bob", pause);
    await fleet.carryOut("bob");
    expect(fleet.view("bob")?.holds?.[0]?.words).toBe("usage limit, whose end is not known");
    // It lasts longer than the first wait.
    const first = fleet.view("bob")?.holds?.[0]?.until ?? "";
    fleet.ahead(Date.parse(first) - Date.parse(fleet.in(2_000)) - 30_000);
    const isLonger = () => (fleet.view("bob")?.holds?.[0]?.until ?? "") > fleet.in(60_000);
    await waitFor(isLonger, { what: "bob is held for longer", saw: () => fleet.view("bob")?.holds });
    fleet.ahead(40_000);
    await stays(() => fleet.orders("bob").length === 1, {
      ...{ what: "bob is held still", because: "limits are looked at twice a second", forMs: 1_500 },
    });
    expect(fleet.orders("ada")).toEqual([]);
    await fleet.tell("ada", "retry_end");
    fleet.ahead(300_000);
    await fleet.isTold("bob", pause, resume);
  });

  test("at which a CLI asks again by itself does not hold again whom a person has let go, however long it lasts", async () => {
    await using fleet = await startFleet();
    for (const name of ["ada", "bob", "eve"]) await fleet.agent(name, shared);
    await fleet.tell("ada", "prompt");
    await fleet.tell("ada", "retry", { error: "usage_limit", detail: "attempt 2: 429" });
    await waitFor(() => fleet.view("ada")?.status === "retrying", { what: "its try" });
    fleet.ahead(10_000);
    for (const name of ["bob", "eve"]) await fleet.isTold(name, pause);
    for (const name of ["bob", "eve"]) await fleet.carryOut(name);
    await fleet.server().sendCommand({ id: "bob" as AgentId, type: "resume", from: "kim" });
    await fleet.isTold("bob", pause, "resume by kim");
    await waitFor(() => fleet.view("bob")?.holds === undefined, { what: "bob is let go" });
    const held = () => fleet.view("eve")?.holds?.[0]?.until ?? "";
    // The agents go on one after the other within a minute: ada, bob, eve.
    fleet.ahead(Date.parse(held()) - 40_000 - Date.parse(fleet.in(2_000)));
    await waitFor(() => held() > fleet.in(60_000), { what: "eve is held for longer", saw: held });
    fleet.ahead(60_000);
    await stays(() => fleet.orders("bob").length === 2, {
      ...{ what: "bob is not held again", because: "limits are looked at twice a second", forMs: 1_500 },
    });
    expect(fleet.view("eve")?.holds).toHaveLength(1);
  });

  test("at which a CLI asks again by itself is shown with its end if that is told", async () => {
    await using fleet = await startFleet();
    await fleet.agent("ada", shared);
    await fleet.agent("bob", shared);
    await fleet.tell("ada", "prompt");
    const limit_resets_at = fleet.in(600_000);
    await fleet.tell("ada", "retry", { error: "usage_limit", detail: "attempt 1: 429", limit_resets_at });
    await fleet.isTold("bob", pause);
    await fleet.carryOut("bob");
    await fleet.hasStatus("bob", "held");
    expect(fleet.view("bob")?.holds?.[0]).toMatchObject({ words: "usage limit", cause: limit_resets_at });
    expect(fleet.view("ada")?.status).toBe("retrying");
    expect(fleet.view("ada")?.holds).toBeUndefined();
    await fleet.tell("ada", "turn_failed", { error: "usage_limit", detail: "the limit is reached" });
    await fleet.isTold("ada", pause);
  });

  test("is no overload of the model's service: that holds nobody", async () => {
    await using fleet = await startFleet();
    await fleet.agent("ada", { account: "two" });
    await fleet.agent("bob", shared);
    await fleet.fails("ada", undefined, "overloaded");
    await fleet.fails("bob");
    await fleet.isTold("bob", pause);
    expect(fleet.view("ada")?.session?.turn_error?.error).toBe("overloaded");
    expect(fleet.orders("ada")).toEqual([]);
  });
});
