import { expect, test } from "bun:test";
import { readAudit } from "../../../src/audit/read-audit.ts";
import { startTestServer } from "../../support/test-server.ts";
import { until } from "../../support/wait-for.ts";

test.each([true, false])(
  "with keystrokes %p, AUDIT has what was typed, and by whom, or nothing of it",
  async (keystrokes) => {
    await using fleet = await startTestServer({ audit: { keystrokes } });
    const { bus } = fleet;
    const send = (fields: object) =>
      bus.publish("agent.ada.keys", { viewer: "v-1", name: "kim", seq: 1, ...fields });
    send({ act: "take" });
    send({ act: "type", keys: "ls\u001b[A\r" });
    bus.publish("agent.ada.keys", "no keys");
    send({ act: "leave" });
    bus.publish("agent.ada.event", { kind: "activity", detail: "the last one" });
    const details = async () => {
      const found: string[] = [];
      for await (const { data } of readAudit(bus, {})) {
        const { detail } = JSON.parse(new TextDecoder().decode(data));
        if (typeof detail === "string") found.push(detail);
      }
      return found;
    };
    const wanted = [...(keystrokes ? ['kim: "ls\\u001b[A\\r"'] : []), "the last one"];
    await until("all is recorded", async () => (await details()).length >= wanted.length);
    expect((await details()).sort()).toEqual(wanted.sort());
  },
);
