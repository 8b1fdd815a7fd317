// The store loses a block while nothing runs: said by /readyz and doctor, also after another start, until a person closes it.
import { expect, test } from "bun:test";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Check } from "../../src/domain/system/check.ts";
import { type RunningServe, startServe } from "../support/cliai.ts";
import { testNatsServer } from "../support/nats.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

async function findBlock(dataDir: string): Promise<string> {
  const files = await readdir(join(dataDir, "nats"), { recursive: true });
  const found = files.find((file) => /COMMANDS.msgs.1\.blk$/.test(file));
  if (found === undefined) throw new Error(`no block of COMMANDS: ${files}`);
  return join(dataDir, "nats", found);
}

async function damageOf(serve: RunningServe): Promise<string | undefined> {
  return ((await (await serve.fetch("/readyz")).json()) as { damage?: string }).damage;
}

async function doctorsWord(serve: RunningServe): Promise<string | undefined> {
  const { stdout } = await serve.run(["doctor", "--json"]);
  const { checks } = JSON.parse(stdout) as { checks: Check[] };
  return checks.find(({ check, ok }) => check === "damage" && !ok)?.message;
}

test("a store that has lost an order says so until a person closes it, and not after that", async () => {
  await using dir = await tempDir();
  const options = { dataDir: dir.join("data"), env: { CLIAI_NATS_SERVER: await testNatsServer() } };
  {
    await using serve = await startServe(options);
    await serve.fetch("/api/heartbeat", { method: "POST", body: '{"agent_id":"ada","status":"idle"}' });
    await waitFor(async () => (await serve.fetch("/api/agents/ada")).ok, { what: "ada" });
    expect(await serve.run(["send", "task", "ada", "x", "--wait", "stored"])).toMatchObject({ code: 0 });
    expect(await damageOf(serve)).toBeUndefined();
    expect(await serve.run(["doctor", "--close-damage"])).toMatchObject({ code: 2 });
  }
  await rm(await findBlock(options.dataDir));
  for (const _ of ["the start that finds it", "another"]) {
    await using serve = await startServe(options);
    const damage = await waitFor(() => damageOf(serve), { what: "the damage" });
    expect(damage).toContain("1 order that waited for an agent ended as failed");
    expect((await serve.fetch("/readyz")).status).toBe(200);
    expect(await doctorsWord(serve)).toBe(damage);
  }
  {
    await using serve = await startServe(options);
    await serve.run(["doctor", "--close-damage"]);
    await waitFor(async () => (await damageOf(serve)) === undefined, { what: "the end of it" });
    expect(await doctorsWord(serve)).toBeUndefined();
  }
  await using serve = await startServe(options);
  expect(await damageOf(serve)).toBeUndefined();
});
