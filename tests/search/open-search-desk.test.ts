// The search as serve has it: what it refuses, and what it does about a process that fails.
import { describe, expect, test } from "bun:test";
import { createLogger } from "../../src/log.ts";
import { openSearchDesk } from "../../src/search/open-search-desk.ts";
import type { SearchAsk } from "../../src/search/search.ts";
import { ada, bob } from "../support/agents.ts";

const nothing = {
  hits: [],
  ...{ more: 0, more_at_least: false, searched_since: null, older_are: null, waiting: 0 },
};

/** @param script what the process does, in JavaScript; `answer(id, result)` prints an answer, and `asks` has what was asked */
function openDesk(script: string, answerWithinMs?: number) {
  const logged: string[] = [];
  const program = `
    const answer = (id, result) => console.log(JSON.stringify({ id, result }));
    const nothing = ${JSON.stringify(nothing)};
    require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
      const { id, act, ask, agent_id } = JSON.parse(line);
      ${script}
    });`;
  const desk = openSearchDesk({
    command: process.execPath,
    args: ["-e", program],
    ...{ cwd: import.meta.dirname, env: process.env },
    ...(answerWithinMs === undefined ? {} : { answerWithinMs }),
    agents: () => [
      { agent_id: ada, project_path: "/work/shop" },
      { agent_id: bob, project_path: "/work/till/" },
    ],
    log: createLogger(
      "debug",
      (line) => logged.push(line),
      () => new Date(),
    ),
  });
  return { desk, logged, [Symbol.asyncDispose]: () => desk.stop() };
}

describe("openSearchDesk()", () => {
  test.each<[SearchAsk, string]>([
    [{ text: "" }, "no text to search for"],
    [{ text: "x", kind: "sayd" }, 'there is no kind of record "sayd" to search'],
    [{ text: "x", agent: "-x" }, '"-x"'],
    [{ text: "x", since: "soon" }, 'since "soon" is not a time'],
    [{ text: "x", project: "shoe" }, 'no known agent works in the project "shoe"'],
    [{ text: "x", project: "shop", agent: "bob" }, "bob does not work in the project shop"],
  ])("refuses %o before any process is started", async (ask, message) => {
    await using test = openDesk("throw new Error()");
    await expect(test.desk.search(ask)).rejects.toThrow(message);
  });

  test("asks the process for the agents of a project", async () => {
    await using test = openDesk("answer(id, { ...nothing, waiting: ask.agents.join() === 'ada' ? 1 : 0 })");
    expect(await test.desk.search({ text: "x", project: "shop" })).toEqual({ ...nothing, waiting: 1 });
    expect(await test.desk.search({ text: "x", project: "/work/till", agent: "bob" })).toEqual(nothing);
  });

  test("passes on why the search failed", async () => {
    const error = { code: "usage", message: "too much", hint: "less" };
    await using test = openDesk(`console.log(JSON.stringify({ id, error: ${JSON.stringify(error)} }))`);
    await expect(test.desk.search({ text: "x" })).rejects.toMatchObject(error);
  });

  test("says why the process has ended, and starts another one for the next search", async () => {
    await using test = openDesk(`
      if (ask.text === "crash") { console.log(JSON.stringify({ error: { code: "failed", message: "the disk is full" } })); process.exit(1); }
      answer(id, nothing)`);
    await expect(test.desk.search({ text: "crash" })).rejects.toThrow("the disk is full");
    expect(await test.desk.search({ text: "x" })).toEqual(nothing);
    expect(test.logged.join("")).toContain("the search has ended (the disk is full)");
  });

  test.skipIf(process.platform === "win32")(
    "the process has a group of its own, so that Ctrl+C at serve does not end it first",
    async () => {
      await using test = openDesk(
        "try { process.kill(-process.pid, 0); answer(id, { ...nothing, waiting: 1 }); } catch { answer(id, nothing); }",
      );
      expect((await test.desk.search({ text: "x" })).waiting).toBe(1);
    },
  );

  test("a search that takes too long ends the process, but not while it forgets an agent", async () => {
    await using test = openDesk(
      "if (act === 'forget') globalThis.forgets = id; else if (ask.text === 'end') answer(globalThis.forgets, 7);",
      300,
    );
    const forgotten = test.desk.forget("ada");
    forgotten.catch(() => undefined); // looked at below
    await expect(test.desk.search({ text: "x" })).rejects.toMatchObject({ code: "no_answer" });
    const end = test.desk.search({ text: "end" });
    end.catch(() => undefined);
    expect(await forgotten).toBe(7);
    await expect(end).rejects.toMatchObject({ code: "no_answer" });
  });

  test("says what cannot be started", async () => {
    const log = createLogger(
      "silent",
      () => undefined,
      () => new Date(),
    );
    const desk = openSearchDesk({
      ...{ command: "/no/such/program", args: [], cwd: "/", env: {}, agents: () => [], log },
    });
    await expect(desk.search({ text: "x" })).rejects.toThrow("the search has ended");
    await desk.stop();
  });

  test("forgets an agent, and asks nothing more after its end", async () => {
    await using test = openDesk("answer(id, agent_id === 'ada' ? 7 : 0)");
    expect(await test.desk.forget("ada")).toBe(7);
    await test.desk.stop();
    await expect(test.desk.search({ text: "x" })).rejects.toMatchObject({ code: "interrupted" });
  });
});
