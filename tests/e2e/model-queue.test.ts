// Four agents of `cliai spawn` on a model server that works on one request at a time.
import { expect, test } from "bun:test";
import { fetchAgent, type ShownAgent } from "../support/bridges.ts";
import { startChild } from "../support/child.ts";
import { cliaiCommand, startServe } from "../support/cliai.ts";
import { startSlowModelServer } from "../support/slow-model-server.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

type Shown = ShownAgent & {
  readonly heartbeat?: {
    readonly model_request?: { readonly state: string; readonly place?: number; readonly waiting?: number };
  };
};
const names = ["ada", "bob", "cleo", "dora"];

test("agents on one slot stand in a queue that is shown; a captain's request goes first, and a dead host's slot is freed", async () => {
  await using dir = await tempDir();
  await using serve = await startServe();
  await using model = await startSlowModelServer({ answerMs: 60_000 });
  await using agents = new AsyncDisposableStack();
  const env = { PATH: process.env.PATH, HOME: dir.path, CLIAI_NO_START: "1" };
  const spawn = async (id: string, ...more: string[]) => {
    const args = ["spawn", "local", "say hello", "--headless", "--id", id, "--data-dir", serve.dataDir];
    const [program = "", ...words] = [...cliaiCommand(), ...args, "--model-server", model.url, ...more];
    return agents.use(await startChild(program, words, { cwd: dir.path, env }));
  };
  const requestOf = async (id: string) =>
    ((await fetchAgent(serve, id).catch(() => undefined)) as Shown | undefined)?.heartbeat?.model_request;
  const first = await spawn("ada");
  await waitFor(() => model.bodies.length === 1, { what: "the first request" });
  await Promise.all([spawn("bob"), spawn("cleo"), spawn("dora", "--role", "captain")]);
  const places = async () =>
    await Promise.all(
      names.map(async (id) => {
        const { place = 0, waiting = 0 } = (await requestOf(id)) ?? {};
        return `${place} of ${waiting}`;
      }),
    );
  const isComplete = async () => {
    const [, bob = "", cleo = "", dora] = await places();
    return dora === "1 of 3" && [bob, cleo].toSorted().join() === "2 of 3,3 of 3";
  };
  await waitFor(isComplete, { what: "all have their places", saw: places });
  const { stdout: listed } = await serve.run(["ls"]);
  expect(listed).toContain("(place 1 of 3 for its model)");
  const { stdout: shown } = await serve.run(["show", "dora"]);
  expect(shown).toMatch(/ {2}model server +waits for .+:\d+, place 1 of 3, for \d+ s/);
  const { stdout: models } = await serve.run(["models"]);
  expect(models).toMatch(
    /^\S+:\d+ {2}1 slot {2}tiny\n {2}runs +ada: works on it, for \d+ s\n {2}waits +dora: place 1/,
  );
  const servers = JSON.parse((await serve.run(["models", "--json"])).stdout);
  expect(servers).toMatchObject([{ slots: 1, models: ["tiny"], running: [{ agent_id: "ada" }], idle: [] }]);
  expect(servers[0].waiting).toHaveLength(3);
  expect(await (await serve.fetch("/api/models")).json()).toEqual(servers);
  expect(model.bodies.length).toBe(1);
  first.kill("SIGKILL");
  await waitFor(async () => (await requestOf("dora"))?.state === "working", {
    ...{ what: "the captain has the slot of the dead host", saw: places },
  });
  await waitFor(() => model.bodies.length === 2, { what: "the server has the captain's request" });
});
