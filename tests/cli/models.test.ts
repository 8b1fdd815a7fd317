import { expect, test } from "bun:test";
import { serverLines } from "../../src/cli/models.ts";
import { parseAgentId } from "../../src/domain/wire/agent-id.ts";

const now = new Date("2026-01-01T00:01:00Z");
const agent = (id: string, second: number) => ({
  agent_id: parseAgentId(id),
  since: new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString(),
});

test("serverLines() lists who is served, who waits, and who asks for nothing", () => {
  const lines = serverLines(
    {
      ...{ server: "gpu:8080", slots: 1, models: ["tiny"] },
      running: [{ ...agent("ada", 50), state: "working", prompt_read: 50, prompt_tokens: 200 }],
      waiting: [
        { ...agent("queen", 55), state: "waiting", place: 1 },
        { ...agent("bob", 48), state: "waiting", place: 2 },
      ],
      idle: [parseAgentId("cleo"), parseAgentId("dora")],
    },
    now,
    { color: false },
  );
  expect(lines).toEqual([
    "gpu:8080  1 slot  tiny",
    "  runs   ada: reads its prompt, 50 of 200 tokens (25 %), for 10 s",
    "  waits  queen: place 1, for 5 s",
    "         bob: place 2, for 12 s",
    "  idle   cleo, dora",
  ]);
});

test("serverLines() of a server that does not tell its slots, with a name that a terminal would obey", () => {
  const server = { server: "a\u001b[2J:1", models: ["x\ny"], running: [], waiting: [], idle: [] };
  expect(serverLines(server, now, { color: false })).toEqual(["a\ufffd[2J:1  x y"]);
});
