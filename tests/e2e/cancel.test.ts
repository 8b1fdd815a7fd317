// `cliai cancel` against a real server: an order for an agent that is away is taken back before it returns.
import { expect, test } from "bun:test";
import { fetchAgent, startBridge } from "../support/bridges.ts";
import { startCliai, startServe } from "../support/cliai.ts";
import { callTool, initialize } from "../support/mcp-lines.ts";
import { staysPending, waitFor } from "../support/wait-for.ts";

test("a task for an agent that is away is taken back, with a receipt that its sender sees; one that was given is refused", async () => {
  await using serve = await startServe();
  const away = await startBridge(serve, "ada");
  away.kill("SIGKILL");
  await away.exit();
  await waitFor(async () => (await fetchAgent(serve, "ada")).axes.link.value === "offline", {
    what: "ada is away",
  });
  const send = (id: string) => serve.run(["send", "task", "ada", "tidy up", "--id", id, "--wait", "stored"]);
  expect((await send("task-one")).code).toBe(0);
  expect((await send("task-two")).code).toBe(0);
  const taken = await serve.run(["cancel", "task-one"]);
  expect(taken).toMatchObject({ code: 0, stderr: "" });
  expect(taken.stdout).toMatch(/^ada: task task-one "tidy up" is taken back by \w+\n$/);
  const { stdout } = await serve.run(["show", "ada"]);
  expect(stdout).toMatch(/ task-one +task +refused +from/);

  await using ada = await startBridge(serve, "ada");
  await initialize(ada);
  const { text } = await callTool(ada, 1, "check_inbox", {});
  expect([text.includes("task-one"), text.includes("task-two")]).toEqual([false, true]);
  const given = await serve.run(["cancel", "task-two", "--json"]);
  expect(given).toMatchObject({ code: 5, stdout: "" });
  expect(JSON.parse(given.stderr).error).toMatchObject({
    code: "refused",
    message: "task task-two to ada is injected",
  });
  expect(await serve.run(["cancel", "nothing"])).toMatchObject({ code: 2 });
});

test("a server that stands still for a while answers afterwards, and the command has waited for it", async () => {
  await using serve = await startServe();
  const away = await startBridge(serve, "ada");
  away.kill("SIGKILL");
  await away.exit();
  const sent = await serve.run(["send", "task", "ada", "tidy up", "--id", "task-one", "--wait", "stored"]);
  expect(sent.code).toBe(0);
  serve.child.kill("SIGSTOP");
  await using cancelling = await startCliai(["cancel", "task-one", "--data-dir", serve.dataDir]);
  await staysPending(cancelling.exit(), {
    what: "cancel has no answer",
    because: "a command that waited for 10 s only would have ended by then",
    forMs: 12_000,
  });
  serve.child.kill("SIGCONT");
  const { code, stdout } = await cancelling.exit();
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: expect.stringMatching(/^ada: task task-one "tidy up" is taken back by \w+\n$/),
  });
});
