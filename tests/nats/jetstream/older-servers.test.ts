import { describe, expect, test } from "bun:test";
import type { Bus } from "../../../src/nats/bus.ts";
import { bridgeConsumers, subjectFilter } from "../../../src/nats/jetstream/older-servers.ts";
import { ada } from "../../support/agents.ts";

const busOf = (serverVersion: string) => ({ serverVersion }) as Bus;
const [old, present] = [busOf("2.9.10"), busOf("2.15.0")];

describe("subjectFilter()", () => {
  test.each([old, present])("lets everything through without subjects (%#)", (bus) => {
    const filter = subjectFilter(bus, undefined);
    expect([filter.consumer, filter.fits("any.thing")]).toEqual([{}, true]);
  });

  test.each([old, present])("names one subject as text, which every nats-server takes (%#)", (bus) => {
    expect(subjectFilter(bus, ["agent.>"]).consumer).toEqual({ filter_subject: "agent.>" });
  });

  test("names several as a list where nats-server takes one", () => {
    expect(subjectFilter(present, ["a", "b.>"]).consumer).toEqual({ filter_subjects: ["a", "b.>"] });
    expect(subjectFilter(busOf("2.10.0"), ["a", "b"]).consumer).toEqual({ filter_subjects: ["a", "b"] });
  });

  test.each([
    ["agent.ada.command", true],
    ["agent.bob.command", true],
    ["agent.ada.status", false],
    ["agent.command", false],
    ["agent.ada.command.more", false],
    ["tools.list", true],
    ["tools.call", false],
    ["tools.call.ada.more", true],
    ["tools", false],
    ["tools.calls", false],
    ["stray", false],
  ])("with an older nats-server selects by itself, as its wildcards mean: %s is %p", (subject, expected) => {
    const filter = subjectFilter(old, ["agent.*.command", "tools.list", "tools.call.>"]);
    expect([filter.consumer, filter.fits(subject)]).toEqual([{}, expected]);
  });
});

describe("bridgeConsumers()", () => {
  test("is one for all orders of the agent, or with an older nats-server one for each kind", () => {
    const [only, ...more] = bridgeConsumers(present, ada);
    expect([only?.name, more]).toEqual(["bridge-ada", []]);
    const each = bridgeConsumers(old, ada);
    expect(each.flatMap(({ subjects }) => subjects)).toEqual([...(only?.subjects ?? [])]);
    expect(each.every(({ subjects }) => subjects.length === 1)).toBe(true);
    expect(new Set(each.map(({ name }) => name)).size).toBe(each.length);
    expect(only?.subjects).toContain("agent.ada.shutdown");
  });
});
