import { describe, expect, test } from "bun:test";
import { appendFile, writeFile } from "node:fs/promises";
import type { Hook } from "../../../src/domain/hook.ts";
import type { SessionEvent } from "../../../src/host/event-sender.ts";
import { createOpenDialogs } from "../../../src/host/hear/open-dialogs.ts";
import { silentLogger as log } from "../../../src/log.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { until } from "../../support/wait-for.ts";

type Kind = Hook["facts"]["kind"];

function hook(kind: Kind, tool_use_id?: string, subagent?: string): Hook {
  return { facts: { kind, tool: "Bash", tool_use_id, subagent }, isSubagent: subagent !== undefined };
}

/** Around a CLI whose record names the call of each result as `{"result":"u1"}`. */
function start(record?: string) {
  const sent: SessionEvent[] = [];
  const dialogs = createOpenDialogs({
    cli: {
      readToolResults: (line) => {
        const { result } = line as { result?: string };
        return result === undefined ? [] : [result];
      },
      subagentRecord: () => record,
    },
    events: { send: (event) => void sent.push(event) },
    log,
  });
  return { dialogs, sent, closed: () => sent.map(({ tool_use_id }) => tool_use_id) };
}

describe("createOpenDialogs()", () => {
  test("a result in the session's record says that its dialog is closed, once", () => {
    const { dialogs, sent } = start();
    dialogs.open(hook("permission", "u1"));
    dialogs.noteLine({ result: "u2" });
    dialogs.noteLine({});
    expect(sent).toEqual([]);
    dialogs.noteLine({ result: "u1" });
    dialogs.noteLine({ result: "u1" });
    expect(sent).toEqual([
      { ...{ kind: "notification", tool: "Bash", tool_use_id: "u1" }, detail: "permission_response: closed" },
    ]);
  });

  test.each<Kind>(["tool_end", "tool_failed"])(
    "a dialog whose call has its own end by %s needs no word more",
    (kind) => {
      const { dialogs, sent } = start();
      dialogs.open(hook("permission", "u1"));
      dialogs.note(hook(kind, "u1"));
      dialogs.noteLine({ result: "u1" });
      expect(sent).toEqual([]);
    },
  );

  test("the end of a turn ends the session's own dialogs, and a subagent's end its own", () => {
    const { dialogs, closed } = start();
    dialogs.open(hook("permission", "u1"));
    dialogs.open(hook("question", "u2", "a1"));
    dialogs.turnEnded();
    dialogs.noteLine({ result: "u1" });
    dialogs.note(hook("subagent_end", undefined, "a2"));
    // The session's record says nothing of a subagent's calls.
    dialogs.noteLine({ result: "u2" });
    expect(closed()).toEqual([]);
  });

  test("a dialog without a call is of none that a record could name", () => {
    const { dialogs, closed } = start();
    dialogs.open(hook("permission"));
    dialogs.noteLine({ result: "u1" });
    expect(closed()).toEqual([]);
  });

  test("a subagent's result is read in the subagent's own record", async () => {
    await using dir = await tempDir();
    const record = dir.join("a1.jsonl");
    await writeFile(record, "");
    const { dialogs, closed } = start(record);
    dialogs.open(hook("permission", "u1", "a1"));
    dialogs.open(hook("permission", "u2", "a2"));
    await until("the end of the first", async () => {
      await appendFile(record, '{"result":"u1"}\n');
      return closed().length > 0;
    });
    dialogs.stop();
    expect(closed()).toEqual(["u1"]);
  });
});
