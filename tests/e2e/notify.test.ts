// `cliai notify`, and hooks and webhooks of a real serve.
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startServe } from "../support/cliai.ts";
import { until } from "../support/wait-for.ts";
import { startWebhookReceiver } from "../support/webhook-receiver.ts";

test("a serve tells a webhook and a hook, and cliai notify lists and tries them", async () => {
  await using receiver = await startWebhookReceiver();
  await using serve = await startServe();
  const none = await serve.run(["notify"]);
  expect(none).toMatchObject({ code: 0, stdout: "" });
  expect(none.stderr).toContain("nobody is told");
  const command = [
    process.execPath,
    "-e",
    'require("fs").appendFileSync("told", require("fs").readFileSync(0))',
  ];
  await writeFile(join(serve.dataDir, "hooks.json"), JSON.stringify({ log: { on: ["error"], command } }), {
    mode: 0o600,
  });
  const targets = { ops: { url: `${receiver.url}/s3cret-path`, on: ["error"] } };
  await writeFile(join(serve.dataDir, "notify.json"), JSON.stringify({ targets }), { mode: 0o600 });
  await until("both", async () => JSON.parse((await serve.run(["notify", "--json"])).stdout).length === 2);

  const tried = await serve.run(["notify", "test"]);
  expect(tried.code).toBe(0);
  expect(tried.stdout).toMatch(/^ok {3}ops: taken in \d+ ms\nok {3}hook log: taken in \d+ ms\n$/);
  const link = JSON.parse(receiver.taken[0]?.body ?? "{}").link as string;
  expect((await serve.fetch(new URL(link).pathname)).status).toBe(200);

  const beat = { agent_id: "ada", status: "error", current_task: "x" };
  await serve.fetch("/api/heartbeat", { method: "POST", body: JSON.stringify(beat) });
  await until("the webhook", () => receiver.taken.some(({ body }) => body.includes('"ada has an error"')));
  await until("the hook", () =>
    readFileSync(join(serve.dataDir, "told"), "utf8").includes('"ada has an error"'),
  );

  await receiver.down();
  const failed = await serve.run(["notify", "test", "ops"]);
  expect(failed.code).toBe(1);
  expect(failed.stdout).toContain("cannot be reached: ECONNREFUSED");
  expect((await serve.run(["notify", "test", "opps"])).stderr).toBe(
    'error: no target, no browser and no hook is called "opps"\nhint: did you mean ops?\n',
  );
  const listed = await serve.run(["notify"]);
  expect(listed.stdout).toContain(`ops  ${receiver.url}  error\n  told `);
  expect(listed.stdout + serve.child.stderr).not.toContain("s3cret-path");
});
