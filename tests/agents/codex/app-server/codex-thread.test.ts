import { expect, test } from "bun:test";
import { isNotSteerable, openThread } from "../../../../src/agents/codex/app-server/codex-thread.ts";
import { silentLogger } from "../../../../src/log.ts";
import { silentPipes } from "../../silent-pipes.ts";

test.each([
  // As 0.171.0 answers while it shortens the conversation.
  ["codex: turn/start: failed to submit turn input: ActiveTurnNotSteerable { turn_kind: Compact }", true],
  ["codex: turn/start: its app-server has ended", false],
])("isNotSteerable() of %p is %p", (message, expected) => {
  expect(isNotSteerable(new Error(message))).toBe(expected);
});

/** A Codex in which nobody has logged in, and whose own provider wants a login. */
const loggedOut = {
  notify: () => undefined,
  call: async (method: string): Promise<unknown> => {
    if (method === "account/read") return { account: null, requiresOpenaiAuth: true };
    if (method === "config/read") return { config: {} };
    return method === "thread/start" ? { thread: { id: "thread-1" }, model: "tiny" } : { data: [] };
  },
};

test("openThread() wants a login, unless the agent works on a model server of its own", async () => {
  const { launch } = silentPipes();
  const open = (modelServer: typeof launch.modelServer) =>
    openThread(loggedOut, { ...launch, isHeadless: true, modelServer }, silentLogger);
  await expect(open(undefined)).rejects.toMatchObject({
    message: "codex cannot begin a session: it is not logged in",
    hint: "log in with the CLI once: codex login",
  });
  const own = { url: "http://gpu:8080", kind: "auto", calls: "auto", model: "tiny" } as const;
  expect(await open(own)).toEqual({ id: "thread-1", model: "tiny" });
});
