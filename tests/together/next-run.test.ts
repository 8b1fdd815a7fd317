// What is in a session's hands when it ends, and what the next run of its agent makes of it: hosts over a real server.
import { expect, test } from "bun:test";
import { goOnWords } from "../../src/domain/go-on-words.ts";
import type { Host } from "../../src/host/host.ts";
import { commandOf, statesOf } from "../support/agents.ts";
import { fakeCli, type Hosted, host, id, streamInto } from "../support/hosted-session.ts";
import { startTestServer } from "../support/test-server.ts";
import { waitFor } from "../support/wait-for.ts";

/** A headless CLI that takes all that it is told, and shows to have it when the test says so. */
function openStream(session: Host): string[] {
  const told: string[] = [];
  session.attach(fakeCli().process);
  session.open({ stream: { ...streamInto(told), interrupt: () => Promise.resolve(false) } });
  return told;
}

const inSession = (session_id: string) => ({
  hasStream: true,
  facts: { config_name: "demo", project_path: "/p", host: "here", pid: 42, session_id },
});

async function handTask(ada: Hosted, told: readonly string[]): Promise<string> {
  const commandId = await ada.send("task");
  await waitFor(() => told.some((text) => text.includes(`[cliai task ${commandId}]`)), {
    what: "it is handed over",
  });
  await ada.statesOnce("stored", "delivered", "injected");
  return commandId;
}

test("what a session was handed and did not show to have is handed to the next one, marked, and once", async () => {
  await using test = await startTestServer();
  const first = await host(test, inSession("s1"));
  const commandId = await handTask(first, openStream(first.session));
  await first.session.end({ how: "SIGKILL" });
  await waitFor(() => test.server.fleet.get(id)?.queued === 1, { what: "it waits again" });
  await first.dir[Symbol.asyncDispose]();

  await using second = await host(test, inSession("s2"));
  const told = openStream(second.session);
  await waitFor(() => told.length > 0, { what: "it is handed over again" });
  expect(told[0]).toContain(`[cliai task ${commandId}]`);
  expect(told[0]).toContain(
    "It may have been given to you before, in a run or a conversation that has ended",
  );
  await waitFor(() => test.server.fleet.get(id)?.queued === 0, { what: "it waits no more" });
  second.answered(commandId);
  await waitFor(() => statesOf(test, commandId)?.at(-1) === "seen", { what: "it is seen" });
  second.session.turnResult({ isError: false, wasAsked: true, text: "done" });
  await waitFor(() => statesOf(test, commandId)?.at(-1) === "applied", { what: "it is applied" });
  expect(statesOf(test, commandId)).toEqual(["stored", "delivered", "injected", "seen", "applied"]);
  expect(told.length).toBe(1);
});

test.each([
  [false, "applied"],
  [true, "failed"],
] as const)(
  "the turn that is told to go on ends what the session had before: isError %p is %s",
  async (isError, state) => {
    await using test = await startTestServer({ resumeWindowMs: 60_000 });
    const first = await host(test, inSession("s1"));
    const commandId = await handTask(first, openStream(first.session));
    first.answered(commandId);
    await first.statesOnce("stored", "delivered", "injected", "seen");
    await first.session.end({ how: "SIGKILL" });
    await first.dir[Symbol.asyncDispose]();
    await waitFor(() => commandOf(test, commandId)?.run_ended?.how === "SIGKILL", {
      what: "the end is known",
    });

    await using second = await host(test, inSession("s1"));
    const told = openStream(second.session);
    await waitFor(() => commandOf(test, commandId)?.taken_by?.goes_on, { what: "it goes on" });
    const later = await handTask(second, told);
    second.session.takeSign({ type: "taken", text: "something else" });
    second.session.takeSign({ type: "answer" });
    second.session.turnResult({ isError: false, wasAsked: true, text: "something else is done" });
    second.session.takeSign({ type: "taken", text: goOnWords });
    second.session.takeSign({ type: "answer" });
    second.session.turnResult({ isError, wasAsked: true, text: "so it is" });
    await waitFor(() => statesOf(test, commandId)?.at(-1) === state, { what: "it has its end" });
    expect(commandOf(test, commandId)?.receipts.at(-1)?.detail).toContain("so it is");
    // What was not seen yet is not ended by it.
    expect(statesOf(test, later)).toEqual(["stored", "delivered", "injected"]);
    expect(told.filter((text) => text.includes(commandId))).toEqual([]);
  },
);

test("a turn of another session ends nothing of the one before, and that fails after the window", async () => {
  await using test = await startTestServer({ resumeWindowMs: 1_500 });
  const first = await host(test, inSession("s1"));
  const commandId = await handTask(first, openStream(first.session));
  first.answered(commandId);
  await first.statesOnce("stored", "delivered", "injected", "seen");
  await first.send("stop", { force: true });
  await first.session.end({ how: "exit code 143" });
  await first.dir[Symbol.asyncDispose]();

  await using second = await host(test, inSession("s2"));
  const told = openStream(second.session);
  await handTask(second, told);
  second.session.turnResult({ isError: false, wasAsked: true, text: "done" });
  await waitFor(() => statesOf(test, commandId)?.at(-1) === "failed", {
    what: "it has failed",
  });
  expect(commandOf(test, commandId)?.receipts.at(-1)?.detail).toContain("the session ended: ");
  expect(told.filter((text) => text.includes(commandId))).toEqual([]);
});
