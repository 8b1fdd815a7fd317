// `cliai changes`: names what it would do, asks, and does exactly that, in a real repository.
import { expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { PassThrough } from "node:stream";
import { changesCommand, confirmAct } from "../../../src/cli/diff/changes.ts";
import { createChangesDesk } from "../../../src/cli/diff/changes-desk.ts";
import { writeWorkDir } from "../../../src/data-dir/agent-lock.ts";
import { viewAgent } from "../../../src/domain/fleet/agent-view.ts";
import { alive, now, recordOf } from "../../support/agent-records.ts";
import { ada } from "../../support/agents.ts";
import { testContext } from "../../support/cli-context.ts";
import { failureOf } from "../../support/error-of.ts";
import { createRepository } from "../../support/repository.ts";
import { tempDir } from "../../support/temp-dir.ts";

async function agentIn(home: { path: string; join(...parts: string[]): string }) {
  const repository = createRepository(home.path);
  repository.write("a.txt", "one\n");
  repository.commit("first");
  mkdirSync(home.join("data/agents/ada"), { recursive: true });
  await writeWorkDir(home.join("data"), ada, repository.dir);
  const recorded: object[] = [];
  const context = testContext({ env: { ...repository.env, USER: "mia" } });
  const desk = createChangesDesk({
    dataDir: home.join("data"),
    fleet: { list: () => [] },
    bus: {
      publishStored: async (_, body) => {
        recorded.push(body as object);
        return { seq: recorded.length, duplicate: false };
      },
    },
    context,
  });
  return { repository, recorded, context, desk, view: viewAgent(recordOf(alive), now) };
}

test("a commit names its files, is done with --yes, and is in the audit by name; then there is nothing to do", async () => {
  await using home = await tempDir();
  const { repository, recorded, context, desk, view } = await agentIn(home);
  repository.write("b.txt", "b\n");
  const words = { act: "commit" as const, message: "Add b" };
  const options = { words, isSure: true, context };
  expect(await confirmAct(desk, view, options)).toMatchObject({
    said: expect.stringMatching(/^committed 1 file as /),
  });
  expect(context.noted.slice(0, 2)).toEqual([`commit 1 file in ${repository.dir}, on main:`, "  b.txt"]);
  expect(repository.git(["log", "-1", "--format=%s"])).toBe("Add b");
  expect(recorded).toMatchObject([
    { act: "commit", state: "asked", from: "mia (cli)" },
    { act: "commit", state: "done", from: "mia (cli)" },
  ]);
  expect(await failureOf(confirmAct(desk, view, options))).toMatchObject({
    code: "refused",
    message: "nothing to do: everything is committed",
  });
});

test("without --yes and without a terminal nothing is done; a push goes to the remote that was named", async () => {
  await using home = await tempDir();
  const { repository, recorded, context, desk, view } = await agentIn(home);
  const push = { words: { act: "push" as const }, context };
  expect(await failureOf(confirmAct(desk, view, { ...push, isSure: true }))).toMatchObject({
    message: "nothing to do: the repository has no remote",
  });
  repository.git(["init", "--quiet", "--bare", home.join("shop.git")]);
  repository.git(["remote", "add", "origin", home.join("shop.git")]);
  expect(await failureOf(confirmAct(desk, view, { ...push, isSure: false }))).toMatchObject({
    code: "usage",
  });
  expect(recorded).toEqual([]);
  await confirmAct(desk, view, { ...push, isSure: true });
  expect(
    context.noted.some((line) => line.includes(`to origin (${home.join("shop.git")}), without force:`)),
  ).toBe(true);
  expect(repository.git(["rev-parse", "main"], home.join("shop.git"))).toBe(
    repository.git(["rev-parse", "HEAD"]),
  );
});

test.each([
  [["commit", "ada", "Add b", "--yes"], "an agent cannot commit an agent's changes: only a person can"],
  [["push", "ada", "--yes"], "an agent cannot push an agent's branch: only a person can"],
  [["pr", "ada", "Add b"], "an agent cannot open a pull request: only a person can"],
])("cliai changes %p is refused to an agent before anything is looked at", async (given, message) => {
  const context = testContext({ env: { CLIAI_NO_START: "1", CLIAI_RUN: "run-1", USER: "mia" } });
  const failure = await failureOf(Promise.resolve().then(() => changesCommand.run(given, context)));
  expect(failure).toMatchObject({ code: "refused", message });
});

test.each([
  [["comit", "ada"], '"comit" is no act'],
  [["commit", "ada"], "the message of the commit is missing"],
  [["commit", "ada", " "], "the message of the commit is missing"],
  [["push", "ada", "now"], 'a push takes no text: "now"'],
  [["push", "ada", "--body", "x"], "--body does not go with push"],
  [["pr", "ada"], "the title of the pull request is missing"],
])("cliai changes %p is refused before anything is looked at", async (given, message) => {
  const context = testContext({ stdin: new PassThrough().end() });
  const failure = await failureOf(Promise.resolve().then(() => changesCommand.run(given, context)));
  expect(failure).toMatchObject({ code: "usage", message });
});
