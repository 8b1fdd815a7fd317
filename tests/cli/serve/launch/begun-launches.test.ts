// By what a server knows the session that a launch has opened, and what it notes of the launch until then.
import { describe, expect, test } from "bun:test";
import {
  beginningOf,
  hasRunOf,
  keepNotes,
  sessionOf,
} from "../../../../src/cli/serve/launch/begun-launches.ts";
import type { LaunchedAgents } from "../../../../src/data-dir/launched-agents.ts";
import type { AgentRecord } from "../../../../src/domain/fleet/agent-record.ts";
import { viewAgent } from "../../../../src/domain/fleet/agent-view.ts";
import { silentLogger } from "../../../../src/log.ts";
import { ago, beatOf, now, recordOf } from "../../../support/agent-records.ts";
import { ada } from "../../../support/agents.ts";

const view = (fields: Partial<AgentRecord>) => viewAgent(recordOf(fields), now);
const told = (session_id: string, instance_id = "r2") => ({
  session: { started_at: ago(9), last_event_at: ago(9), tools: [], session_id, instance_id },
});
const begun = { since: ago(60), session_before: "old" };
const run = { run_started_at: ago(30), heartbeat: beatOf(5, { instance_id: "r2" }) };

describe("sessionOf()", () => {
  test("takes no session of the run before for the one that the launch has opened", () => {
    expect(sessionOf(view({ ...run, run_started_at: ago(61), session_id: "new" }), begun)).toBeUndefined();
    expect(sessionOf(view({ ...run, session_id: "old" }), begun)).toBeUndefined();
    expect(sessionOf(view({ ...run, session_id: "old", ...told("old", "r1") }), begun)).toBeUndefined();
    expect(sessionOf(view(run), begun)).toBeUndefined();
    expect(sessionOf(undefined, begun)).toBeUndefined();
  });

  test("takes another one, and the old one once the new run itself has told it", () => {
    expect(sessionOf(view({ ...run, session_id: "new" }), begun)).toBe("new");
    expect(sessionOf(view({ ...run, session_id: "old", ...told("old") }), begun)).toBe("old");
    expect(sessionOf(view({ ...run, run_started_at: ago(60), session_id: "new" }), begun)).toBe("new");
  });

  test("of an agent that had no session takes the first that is told", () => {
    expect(sessionOf(view({ ...run, session_id: "first" }), { since: ago(60) })).toBe("first");
  });
});

describe("hasRunOf()", () => {
  const heard = (instance_id: string | undefined, s: number) =>
    view({
      run_started_at: ago(s),
      heartbeat: beatOf(5, instance_id === undefined ? {} : { instance_id }),
    });
  const launch = { since: ago(60), run_before: "r1" };

  test("knows the run of the launch by its name, also if the clock was set back since", () => {
    expect(hasRunOf(heard("r2", 90), launch)).toBe(true);
    expect(hasRunOf(heard("r1", 30), launch)).toBe(false);
    expect(hasRunOf(heard("r1", 30), { ...launch, run_before: "" })).toBe(true);
    expect(hasRunOf(undefined, launch)).toBe(false);
  });

  test("lets the clock decide for a launch of 0.2.0, and for a run without a name", () => {
    const { run_before: _, ...old } = launch;
    expect([hasRunOf(heard("r2", 60), old), hasRunOf(heard("r2", 61), old)]).toEqual([true, false]);
    expect([hasRunOf(heard(undefined, 60), launch), hasRunOf(heard(undefined, 61), launch)]).toEqual([
      true,
      false,
    ]);
  });
});

test("beginningOf() notes the run from before, and the session only for a launch that is to open a new one", () => {
  const before = view({ session_id: "old", heartbeat: beatOf(5, { instance_id: "r1" }) });
  const since = now.toISOString();
  expect(beginningOf({}, before, now)).toEqual({ since, session_before: "old", run_before: "r1" });
  expect(beginningOf({ resumes: "old" }, before, now)).toEqual({ since, run_before: "r1" });
  expect(beginningOf({}, undefined, now)).toEqual({ since, run_before: "" });
});

describe("keepNotes()", () => {
  const launching = {
    profile: "demo",
    project: "/p",
    since: ago(0),
    session_before: "old",
    run_before: "r1",
    flags: { model: "m" },
  };
  function notes(stopping: AbortSignal, remember: () => Promise<void> = async () => undefined) {
    const done: unknown[] = [];
    const memory = {
      async remember(...args: unknown[]) {
        done.push(args);
        await remember();
      },
      forget: async (id: string) => void done.push(["forget", id]),
    } as unknown as LaunchedAgents["launching"];
    return { ...keepNotes(memory, silentLogger, stopping), done };
  }

  test("keeps what the next server needs, and no flag that may hold a secret", async () => {
    const { keep, noting, done } = notes(new AbortController().signal);
    const kept = keep(ada, launching);
    expect([...noting]).toEqual([ada]);
    await kept;
    expect([...noting]).toEqual([]);
    const { flags: _, ...noted } = launching;
    expect(done).toEqual([[ada, noted]]);
  });

  test("launches although the note cannot be kept, and not once this server is ending", async () => {
    const full = () => Promise.reject(new Error("the disk is full"));
    await notes(new AbortController().signal, full).keep(ada, launching);
    const ending = notes(AbortSignal.abort());
    await expect(ending.keep(ada, launching)).rejects.toMatchObject({
      ...{ code: "interrupted", message: "cannot launch ada: the server is ending" },
    });
    expect(ending.done.at(-1)).toEqual(["forget", ada]);
  });
});
