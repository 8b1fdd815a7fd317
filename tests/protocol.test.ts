// docs/protocol.md: its samples and lists are those of the source, and a server answers as the page says.
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { ReservationsSchema } from "../src/domain/files/reservation.ts";
import { isGoodbye } from "../src/domain/fleet/axis/link.ts";
import {
  KeysAnswerSchema,
  KeysSchema,
  keysActs,
  OlderRowsSchema,
  ScreenEndSchema,
  ScreenFrameSchema,
  styleWords,
  WatchSchema,
} from "../src/domain/screen/screen-messages.ts";
import { buildConnectionName } from "../src/domain/wire/connection-name.ts";
import { checkMessage } from "../src/domain/wire/decode.ts";
import {
  AgentEventSchema,
  eventKinds,
  failureWords,
  sessionEventKinds,
  UsageSchema,
} from "../src/domain/wire/event-messages.ts";
import { LeaseAnswerSchema, LeaseAskSchema, leaseActs } from "../src/domain/wire/lease-messages.ts";
import {
  HeartbeatSchema,
  ReceiptSchema,
  receiptStates,
  reportedWords,
  StatusReportSchema,
  statusWords,
} from "../src/domain/wire/messages.ts";
import { ModelRequestSchema, modelRequestStates } from "../src/domain/wire/model-request.ts";
import {
  AgentMessageSchema,
  CommandSchema,
  commandTypes,
  messageKinds,
  ShutdownSchema,
} from "../src/domain/wire/order-messages.ts";
import { agentSubject, toolCallSubject } from "../src/domain/wire/subjects.ts";
import { ToolCallSchema, ToolResponseSchema } from "../src/domain/wire/tool-messages.ts";
import { isToolName, tools } from "../src/domain/wire/tools/tools.ts";
import { TranscriptEntrySchema, transcriptKinds } from "../src/domain/wire/transcript-messages.ts";
import { agentPermissions } from "../src/nats/accounts/permissions.ts";
import { ada } from "./support/agents.ts";
import { startTestServer } from "./support/test-server.ts";
import { toolsTable } from "./support/tools-table.ts";
import { until } from "./support/wait-for.ts";

const page = readFileSync(join(import.meta.dirname, "../docs/protocol.md"), "utf8");
const words = page.replaceAll(/\s+/g, " ");

const schemas = {
  heartbeat: HeartbeatSchema,
  status: StatusReportSchema,
  event: AgentEventSchema,
  receipt: ReceiptSchema,
  transcript: TranscriptEntrySchema,
  command: CommandSchema,
  shutdown: ShutdownSchema,
  message: AgentMessageSchema,
  "tool-call": ToolCallSchema,
  "tool-response": ToolResponseSchema,
  "lease-ask": LeaseAskSchema,
  "lease-answer": LeaseAnswerSchema,
  watch: WatchSchema,
  screen: ScreenFrameSchema,
  keys: KeysSchema,
  "keys-answer": KeysAnswerSchema,
  older: OlderRowsSchema,
  "screen-end": ScreenEndSchema,
  reservations: ReservationsSchema,
} as const;
type Shape = keyof typeof schemas;

interface Sample {
  readonly shape: Shape;
  /** Further words behind the shape. */
  readonly mark: string;
  readonly value: Record<string, unknown>;
}

const samples: readonly Sample[] = [...page.matchAll(/^```json ([\w-]+) ?(.*)\n([\s\S]*?)^```$/gm)].map(
  ([, shape, mark = "", text = ""]) => ({ shape: shape as Shape, mark, value: JSON.parse(text) }),
);

/** The lines of a block of text, such as the subjects. */
function linesOf(name: string): string[] {
  const [, text = ""] = new RegExp(`^\`\`\`text ${name}\\n([\\s\\S]*?)^\`\`\`$`, "m").exec(page) ?? [];
  return text.trim().split("\n");
}

/** The words in the first cells of the table that begins with this row of heads. */
function firstCellsOf(heads: string): string[] {
  const [, rows = ""] = page.split(`${heads}\n`);
  const [table = ""] = rows.split("\n\n");
  return table
    .split("\n")
    .filter((row) => row.startsWith("| `"))
    .flatMap((row) => [...(row.split("|")[1] ?? "").matchAll(/`([^`]+)`/g)].map(([, word = ""]) => word));
}

const inCode = (list: readonly string[]) => list.map((word) => `\`${word}\``).join(", ");

describe("docs/protocol.md", () => {
  test("every JSON block is a sample of a shape", () => {
    expect(page.match(/^```json/gm)?.length).toBe(samples.length);
    expect([...new Set(samples.map(({ shape }) => shape))].sort()).toEqual(
      Object.keys(schemas).sort() as Shape[],
    );
  });

  test.each(samples.map((sample, index) => [index + 1, sample] as const))(
    "sample %i is valid, and has no field that its schema lacks",
    (_, { shape, value }) => {
      expect(checkMessage(schemas[shape], value)).toEqual(value as never);
      expect(Object.keys(value).filter((name) => !(name in schemas[shape].entries))).toEqual([]);
      const { usage } = value as { usage?: object };
      if (usage !== undefined)
        expect(Object.keys(usage).filter((name) => !(name in UsageSchema.entries))).toEqual([]);
    },
  );

  test.each(samples.filter(({ shape }) => shape === "tool-call").map(({ value }) => value))(
    "the arguments in %j are those of the tool",
    ({ tool, arguments: given }) => {
      if (!isToolName(String(tool))) throw new Error(`no tool ${tool}`);
      expect(v.parse(tools[tool as "ask_human"].schema, given)).toEqual(given as never);
    },
  );

  test.each(Object.entries(schemas))("names every field of a %s", (shape, { entries }) => {
    const shown = new Set(
      samples.filter((each) => each.shape === shape).flatMap(({ value }) => Object.keys(value)),
    );
    expect(Object.keys(entries).filter((name) => !shown.has(name) && !page.includes(`\`${name}\``))).toEqual(
      [],
    );
  });

  test("names every figure of a usage", () => {
    expect(Object.keys(UsageSchema.entries).filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });

  test("the table of a heartbeat's fields has them all", () => {
    expect(firstCellsOf("| field | meaning |").sort()).toEqual(Object.keys(HeartbeatSchema.entries).sort());
  });

  test("an agent may publish and subscribe on the subjects that it lists, and on no other", () => {
    const { publish, subscribe } = agentPermissions(ada);
    // The second names of the same consumer, and the consumers for a nats-server before 2.10, which has only one filter.
    const isUsual = (subject: string) => !subject.startsWith("$JS.fleet.") && !subject.includes("~");
    expect(linesOf("publish").sort()).toEqual(publish.filter(isUsual).sort());
    expect(linesOf("subscribe").sort()).toEqual([...subscribe].sort());
    expect(page).toContain(`\`${buildConnectionName(ada, "RUN")}\``);
  });

  test("the words of a status, the goodbyes, the kinds of events and messages are those of the source", () => {
    expect(words).toContain(`All words that are understood: ${inCode(statusWords)}.`);
    expect(words).toContain(`An agent reports these words about itself: ${inCode(reportedWords)}.`);
    const goodbyes = firstCellsOf("| status | when | what it means for the agent |");
    expect(goodbyes.sort()).toEqual(statusWords.filter(isGoodbye).sort());
    const own = ["said", "usage"];
    const others = sessionEventKinds.filter((kind) => !own.includes(kind));
    expect(words).toContain(`what the session of an agent CLI does: ${inCode(others)}.`);
    expect(eventKinds.filter((kind) => !page.includes(`\`${kind}\``))).toEqual([]);
    expect(words).toContain(`\`error\` is one of ${inCode(failureWords)}.`);
    expect(commandTypes.filter((type) => !page.includes(`\`${type}\``))).toEqual([]);
    expect(messageKinds.filter((kind) => !page.includes(`\`${kind}\``))).toEqual([]);
    expect(words).toContain(`\`kind\` is one of ${inCode(transcriptKinds)}.`);
  });

  test("the acts of a lease, and what a heartbeat says of a model request, are those of the source", () => {
    expect(leaseActs.filter((act) => !page.includes(`"act": "${act}"`))).toEqual([]);
    expect(words).toContain(`\`state\` (${inCode(modelRequestStates)})`);
    const said = Object.keys(ModelRequestSchema.entries);
    expect(said.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });

  test("the acts of a keyboard, and the styles of a screen, are those of the source", () => {
    expect(keysActs.filter((act) => !page.includes(`\`${act}\``))).toEqual([]);
    expect(words).toContain(`\`is\` has words of ${inCode(styleWords)}.`);
  });

  test("the table of receipts has every state, in their order", () => {
    expect(firstCellsOf("| state | who stores it | when |")).toEqual([...receiptStates]);
  });

  test("the table of tools is that of the source", () => {
    expect(page).toContain(`${toolsTable()}\n\n`);
  });

  test("a server hands over the order of the page as the page shows it", async () => {
    await using fleet = await startTestServer();
    const { bus } = fleet;
    const sampleOf = (shape: Shape, fits: (sample: Sample) => boolean = () => true) =>
      samples.find((each) => each.shape === shape && fits(each))?.value ?? {};
    const answer = sampleOf("tool-response", ({ mark }) => mark === "inbox");
    const call = sampleOf("tool-call", ({ value }) => value.tool === "check_inbox");
    const expires_at = new Date(Date.now() + 60_000).toISOString();
    bus.publish(agentSubject(ada, "heartbeat"), sampleOf("heartbeat"));
    await bus.publishStored(agentSubject(ada, "command"), { ...sampleOf("command"), expires_at });
    const asked = await bus.request(toolCallSubject(ada), call, { timeoutMs: 60_000 });
    const given = JSON.parse(new TextDecoder().decode(asked));
    const [item] = given.result.items;
    const [shown] = (answer.result as { items: Record<string, unknown>[] }).items;
    expect(given).toEqual({
      ...answer,
      result: { ...(answer.result as object), items: [{ ...shown, at: item.at, expires_at }] },
    });
    const receipt = sampleOf("receipt", ({ value }) => value.state === "injected");
    await bus.publishStored(agentSubject(ada, "receipt"), receipt);
    await until("serve has read the receipt", () =>
      fleet.server.fleet
        .get(ada)
        ?.commands.at(-1)
        ?.receipts.some(({ state }) => state === "injected"),
    );
  });
});
