import { describe, expect, test } from "bun:test";
import { createOpenRequests } from "../../src/agents/open-requests.ts";
import type { Hook, HookAnswer } from "../../src/domain/hook.ts";
import { silentLogger } from "../../src/log.ts";
import { waitFor } from "../support/wait-for.ts";

const hook: Hook = { facts: { kind: "permission" }, isSubagent: false };

/** The requests of a session whose host answers when the test says so. */
function openRequests() {
  const asked: { readonly answer: (answer: HookAnswer) => void; readonly signal: AbortSignal | undefined }[] =
    [];
  const requests = createOpenRequests({
    ...{ isHeadless: true, log: silentLogger },
    onHook: (_, signal) => {
      const { promise, resolve } = Promise.withResolvers<HookAnswer>();
      asked.push({ answer: resolve, signal });
      return promise;
    },
  });
  return { requests, asked };
}

describe("createOpenRequests()", () => {
  test("a request is open until its answer is given, and is asked once", async () => {
    const { requests, asked } = openRequests();
    const replies: HookAnswer[] = [];
    const reply = async (answer: HookAnswer) => void replies.push(answer);
    requests.ask("p1", hook, reply);
    requests.ask("p1", hook, reply);
    expect([requests.open(), asked.length]).toEqual([["p1"], 1]);
    asked[0]?.answer({ type: "permit" });
    await waitFor(() => requests.open().length === 0, { what: "the answer is given" });
    expect(replies).toEqual([{ type: "permit" }]);
    requests.ask("p1", hook, reply); // an older list still names it
    expect(asked).toHaveLength(1);
  });

  test("a request whose answer could not be given is asked again when the CLI still names it", async () => {
    const { requests, asked } = openRequests();
    requests.ask("p1", hook, () => Promise.reject(new Error("the connection is lost")));
    asked[0]?.answer({ type: "permit" });
    await waitFor(() => requests.open().length === 0, { what: "the answer is lost" });
    requests.ask("p1", hook, async () => undefined);
    expect(asked).toHaveLength(2);
  });

  test("a request that somebody else has answered is withdrawn, and an older list that still names it asks nothing", async () => {
    const { requests, asked } = openRequests();
    const reply = () => Promise.reject(new Error("it has its answer"));
    requests.ask("p1", hook, reply);
    requests.answered("p1");
    expect([asked[0]?.signal?.aborted, requests.open()]).toEqual([true, []]);
    requests.ask("p1", hook, reply);
    expect(asked).toHaveLength(1);
  });
});
