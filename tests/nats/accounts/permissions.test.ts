import { describe, expect, test } from "bun:test";
import { isAgentId, parseAgentId } from "../../../src/domain/wire/agent-id.ts";
import {
  agentPermissions,
  lentServices,
  lentStreams,
  peerPermissions,
  servicesOf,
  streamsOf,
} from "../../../src/nats/accounts/permissions.ts";
import { ada } from "../../support/agents.ts";

/** Whether nats-server would take the subject for one of the pattern, in which `*` is one token and `>` all that follow. */
function fits(pattern: string, subject: string): boolean {
  const [tokens, others] = [pattern.split("."), subject.split(".")];
  const isFit = (token: string, place: number) => token === "*" || token === others[place];
  const end = tokens.indexOf(">");
  if (end === -1) return tokens.length === others.length && tokens.every(isFit);
  return others.length > end && tokens.slice(0, end).every(isFit);
}

describe("servicesOf()", () => {
  test("everything that an agent takes is part of what the fleet's account lends", () => {
    const lent = lentServices.map(({ subject }) => subject);
    const strays = servicesOf(ada).filter(({ subject }) => !lent.some((pattern) => fits(pattern, subject)));
    expect(strays).toEqual([]);
  });

  test("every subject names the agent, and none the agent whose id is longer", () => {
    for (const { subject, local } of servicesOf(ada)) {
      for (const each of [subject, local]) {
        const names = each.split(".").flatMap((token) => token.replace(/^bridge-/, "").split("~")[0] ?? []);
        expect(names).toContain("ada");
        expect(fits(each, each.replaceAll(/\bada\b/g, "ada-2"))).toBe(false);
      }
    }
  });

  test("no wildcard stands before the part that names the agent", () => {
    for (const { subject } of servicesOf(ada)) {
      const wild = subject.search(/[*>]/);
      expect(wild === -1 || wild > subject.indexOf("ada")).toBe(true);
    }
  });
});

describe("agentPermissions()", () => {
  const { publish, subscribe } = agentPermissions(ada);

  test("an agent hears its own inbox, what captains tell all, what is reserved, and what is for its own terminal", () => {
    expect(subscribe).toEqual([
      ...["_INBOX.ada.>", "captain.broadcast", "captain.decision", "fleet.reservations"],
      ...["agent.ada.watch", "agent.ada.keys"],
    ]);
    for (const other of [
      "_INBOX.adam.1",
      "_INBOX.bob.1",
      "_INBOX.ada",
      "agent.bob.keys",
      "agent.ada.command",
    ])
      expect(subscribe.some((pattern) => fits(pattern, other))).toBe(false);
  });

  test("what an agent hears is lent by the fleet's account, and has no wildcard", () => {
    const heard = streamsOf(ada);
    expect(heard.filter((subject) => !lentStreams.some((pattern) => fits(pattern, subject)))).toEqual([]);
    expect(heard.filter((subject) => subject.includes("*") || subject.includes(">"))).toEqual([]);
  });

  test.each([
    "agent.bob.heartbeat",
    "agent.ada.command",
    "agent.ada.message",
    "agent.ada.keys",
    "agent.ada.watch",
    "agent.bob.screen",
    "captain.broadcast",
    "fleet.reservations",
    "tools.call.bob",
    "tools.call",
    "modelserver.lease.bob",
    "dashboard.state",
    "audit.tool.ada",
    "$JS.API.STREAM.DELETE.COMMANDS",
    "$JS.API.CONSUMER.MSG.NEXT.COMMANDS.bridge-bob",
    "$JS.API.CONSUMER.CREATE.COMMANDS.bridge-ada",
    "$JS.ACK.COMMANDS.bridge-bob.1.2.3.4.5",
    "$SYS.REQ.SERVER.PING",
    "_INBOX.bob.1",
  ])("an agent may not publish on %s", (subject) => {
    expect(publish.filter((pattern) => fits(pattern, subject))).toEqual([]);
  });

  test("an id cannot be a pattern: no id of an agent has a dot, a star or an arrow", () => {
    for (const text of ["*", ">", "ada.*", "a.b", "bridge~x", ""]) expect(isAgentId(text)).toBe(false);
    expect(agentPermissions(parseAgentId("A_b-9")).publish).toContain("agent.A_b-9.heartbeat");
  });
});

describe("peerPermissions()", () => {
  const may = (rights: { prompts: boolean; serves: boolean }) => {
    const { publish, subscribe } = peerPermissions(rights);
    const anyFits = (patterns: readonly string[]) => (subject: string) =>
      patterns.some((pattern) => fits(pattern, subject));
    return { publish: anyFits(publish), subscribe: anyFits(subscribe) };
  };
  const foreign = [
    "agent.ada.command",
    "$JS.API.STREAM.LIST",
    "$SYS.REQ.ACCOUNT.PING",
    "tools.ada.call",
    "x",
  ];

  test("lets one that only serves agents be prompted, answer, and send heartbeats, and no more", () => {
    const { publish, subscribe } = may({ prompts: false, serves: true });
    const asked = ["agents.prompt.echo.kim.main", "agents.status.echo.kim.main", "$SRV.INFO.agents"];
    const told = ["agents.hb.echo.kim.main", "_INBOX.a.b"];
    expect(told.filter(publish)).toEqual(told);
    expect([...asked, ...foreign].filter(publish)).toEqual([]);
    expect([...asked, "_INBOX.a.b"].filter(subscribe)).toEqual([...asked, "_INBOX.a.b"]);
    expect(["agents.hb.echo.kim.main", ...foreign].filter(subscribe)).toEqual([]);
  });

  test("lets one that only prompts agents be none itself, and one that does both do both", () => {
    const caller = may({ prompts: true, serves: false });
    expect(caller.publish("agents.prompt.cliai.kim.ada")).toBe(true);
    expect(caller.publish("agents.hb.echo.kim.main")).toBe(false);
    expect(caller.subscribe("agents.prompt.echo.kim.main")).toBe(false);
    const both = may({ prompts: true, serves: true });
    expect(both.publish("agents.prompt.cliai.kim.ada") && both.publish("agents.hb.echo.kim.main")).toBe(true);
    expect(foreign.filter((subject) => both.publish(subject) || both.subscribe(subject))).toEqual([]);
  });
});
