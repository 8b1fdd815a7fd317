// The way of an agent's bridge to its session's host is cut, or stands still, while both live: the host goes on alone, the bridge
// takes nothing over, and finds its host again.
import { expect, test } from "bun:test";
import { createListener } from "../../src/host/listener.ts";
import { silentLogger } from "../../src/log.ts";
import { serveHttp } from "../../src/runtime.ts";
import { listenTo, startTestBridge } from "../support/bridge-fixture.ts";
import { outcomes, host as startHost } from "../support/hosted-session.ts";
import { startTestServer } from "../support/test-server.ts";
import { waitFor } from "../support/wait-for.ts";
import { startTcpProxy } from "./tcp-proxy.ts";

const token = "secret";

for (const fault of ["cut", "stall"] as const) {
  test(`host's way/${fault}: a pause is the host's to carry out, and the bridge ends nothing in its place`, async () => {
    await using test = await startTestServer();
    const instanceId = crypto.randomUUID();
    await using ada = await startHost(test, { instanceId });
    const links: boolean[] = [];
    const listener = createListener({
      token,
      instanceId,
      onHook: () => Promise.resolve({}),
      onTelemetry: () => undefined,
      onBridge: (news) => ada.session.bridgeNews(news),
      onBridgeLink: (isUp) => {
        links.push(isUp);
        ada.session.bridgeLink(isUp);
      },
      log: silentLogger,
    });
    const http = await serveHttp({ port: 0, host: "127.0.0.1", fetch: listener });
    await using parts = new AsyncDisposableStack();
    parts.defer(() => http.stop());
    await using way = await startTcpProxy(http.port);
    const url = `http://127.0.0.1:${way.port}`;
    await using bridge = startTestBridge({ url: test.nats.url, host: { url, token, instanceId } });
    await (await bridge.connect("modern")).listTools();
    await waitFor(() => links.at(-1) === true, { what: "the bridge watches its host" });
    const heard = await listenTo(test.bus, "ada");
    const looks = () => bridge.logged.filter((line) => line.includes("the session's host:")).length;

    way[fault]();
    await ada.hook("UserPromptSubmit", { prompt: "begin" });
    await ada.send("pause");
    await ada.statesOnce("stored", "delivered", "injected");
    // A way that stands still looks no different from a host that is busy: nothing is to be seen of it.
    if (fault === "cut")
      await waitFor(() => looks() >= 4, {
        what: "the bridge has looked for it again and again",
      });
    const held = ada.hook("PreToolUse", { tool_name: "Bash", tool_use_id: "t1", tool_input: {} });
    await ada.statesOnce("stored", "delivered", "injected", "applied");
    await ada.send("resume");
    expect(await held).toEqual({});

    way.restore();
    await waitFor(() => links.at(-1) === true, { what: "it has found its host again" });
    // A bridge in its host's place would send heartbeats of its own, and say of each order once more that it is delivered.
    expect(heard.heartbeats.filter((beat) => beat.instance_id !== instanceId)).toEqual([]);
    const said = heard.receipts.map(({ command_id, state }) => `${command_id} ${state}`);
    expect(said.length).toBe(new Set(said).size);
    expect(heard.statuses.filter(({ status }) => status === "stopped" || status === "disconnected")).toEqual(
      [],
    );
    const ends = () => Object.values(outcomes(test)).map((outcome) => outcome.split(":")[0]);
    await waitFor(() => ends().join() === "applied,applied", { what: "both are applied", saw: ends });
  });
}
