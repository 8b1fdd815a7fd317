// A budget of the real Claude Code, offline: it pauses at the boundary of a tool in the middle of a turn, by the estimate of its tokens, and is
// raised from the inbox.
import { expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startServe } from "../support/cliai.ts";
import { startModelServer } from "../support/model-server.ts";
import { bash, startHeadless } from "../support/steered-claude.ts";
import { until } from "../support/wait-for.ts";

test("a run that has spent its budget waits at its next tool, and goes on when it is given more in the inbox", async () => {
  await using serve = await startServe();
  await using model = await startModelServer();
  // Claude tells the cost only when its turn ends: until then, its tokens have the price of the table.
  const prices = { usd_per_million_tokens: { "*": 30 } };
  await writeFile(join(serve.dataDir, "prices.json"), JSON.stringify(prices), { mode: 0o600 });
  model.setScript({ fallback: bash("true") });
  await using hal = await startHeadless(serve, {
    ...{ id: "hal", model, claudeArgs: ["--permission-mode", "default", "--allowedTools", "Bash"] },
    profile: { permissions: "cli", budget: "0.10/run" },
    args: ["--task", "begin"],
  });
  const held = await hal.until("it is held", ({ status }) => status === "held");
  expect(held.axes.control.reason).toContain("the budget of agent hal, $0.10 a run is used up");
  const request = await until("the request", async () => {
    const [first] = JSON.parse((await serve.run(["inbox", "--json"])).stdout);
    return first;
  });
  expect(request).toMatchObject({ kind: "budget", choices: ["add $0.10", "add $0.05", "stop"] });
  expect(request.question).toMatch(/\$0\.1\d of \$0\.10 \(1\d\d %\).* over, \$0\.1\d of it estimated/);

  model.setScript({ fallback: { text: "Done." } });
  expect(await serve.run(["answer", request.request_id, "no idea"])).toMatchObject({ code: 2 });
  // No agent is told of it, so nothing waits for a delivery.
  expect(await serve.run(["answer", request.request_id, "add 5"])).toMatchObject({
    ...{ code: 0, stdout: expect.stringContaining("the server carries it out") },
  });
  await hal.until("its turn is over", ({ status }) => status === "idle");
  await until("its cost is told", async () => {
    const [budget] = JSON.parse((await serve.run(["budget", "--json"])).stdout);
    return budget.now[0]?.estimated === 0 && budget.now[0].amount === 5.1;
  });
  const { stdout } = await serve.run(["audit", "--kind", "budget", "--json"]);
  const acts = stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line).message);
  expect(acts).toMatchObject([{ act: "set" }, { act: "raised", message: expect.stringContaining("5 usd") }]);
});
