import { describe, expect, test } from "bun:test";
import { readBeat, readService } from "../../../src/domain/agent-protocol/read-service.ts";

const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const prompt = {
  ...{ name: "prompt", subject: "agents.prompt.echo.kim.main", queue_group: "agents" },
  metadata: { max_payload: "1MB", attachments_ok: "true", min_sender_trust: "any" },
};
const status = { name: "status", subject: "agents.status.echo.kim.main", metadata: null };
const info = {
  ...{ type: "io.nats.micro.v1.info_response", name: "agents", id: "Xy3", version: "0.5.0" },
  metadata: { agent: "echo", owner: "kim", session: "main", protocol_version: "0.3", more: "x" },
  endpoints: [prompt, status, { name: "spawn", subject: "x.y" }],
};

describe("readService()", () => {
  test("reads what the SDKs announce", () => {
    expect(readService(bytes(info))).toEqual({
      ...{ instanceId: "Xy3", agent: "echo", owner: "kim", session: "main" },
      ...{ promptSubject: prompt.subject, statusSubject: status.subject, maxPayloadBytes: 1024 * 1024 },
    });
  });

  test("takes the session from the subject if the metadata name none, and needs no more than a prompt", () => {
    const { session: _, ...metadata } = info.metadata;
    const bare = { ...info, metadata, endpoints: [{ name: "prompt", subject: prompt.subject }] };
    expect(readService(bytes(bare))).toEqual({
      ...{ instanceId: "Xy3", agent: "echo", owner: "kim", session: "main", promptSubject: prompt.subject },
    });
  });

  test.each([
    ["another service", { ...info, name: "calculator" }],
    ["another version", { ...info, metadata: { ...info.metadata, protocol_version: "0.4" } }],
    ["no owner", { ...info, metadata: { ...info.metadata, owner: "" } }],
    ["no prompt", { ...info, endpoints: [status] }],
    ["an id that would be more of a subject", { ...info, id: "a.>" }],
    ...[
      "agents.prompt.>",
      "agents.prompt.a b",
      "$SRV.PING",
      "_INBOX.x",
      "agents.status.x",
      "agents.prompt",
    ].map((subject) => [`the subject ${subject}`, { ...info, endpoints: [{ ...prompt, subject }] }] as const),
  ])("refuses %s", (_, value) => {
    expect(() => readService(bytes(value))).toThrow();
  });
});

describe("readBeat()", () => {
  const beat = { agent: "echo", owner: "kim", session: "main", instance_id: "Xy3", ts: "", interval_s: 30 };

  test.each([
    ["nothing", {}, undefined],
    ["busy", { busy: true }, "working"],
    ["not busy", { busy: false }, "idle"],
    ["a word, which says more", { status: "blocked", busy: true }, "blocked"],
    ["a word that it cannot say of itself", { status: "stopped" }, undefined],
    ["that it is paused, which only a person here can do", { status: "paused", busy: true }, "working"],
    ["no words", { status: 7, busy: "yes" }, undefined],
  ])("tells what it does: %s", (_, more, word) => {
    expect(readBeat(bytes({ ...beat, ...more }))).toEqual({ instanceId: "Xy3", ...(word && { word }) });
  });

  test("refuses what is no heartbeat", () => {
    expect(() => readBeat(bytes({ agent: "echo" }))).toThrow("instance_id is missing");
  });
});
