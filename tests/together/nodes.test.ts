// Machines that join a hub, over a real nats-server: the door, what goes through it, and the node behind it.
import { afterAll, describe, expect, test } from "bun:test";
import { mkdir, readdir, readFile, rm, stat, symlink } from "node:fs/promises";
import { join } from "node:path";
import { connect, credsAuthenticator, type NatsConnection, type NatsError } from "nats";
import { mintAtNode } from "../../src/cli/node/node-credentials.ts";
import { nodeCredsPath } from "../../src/cli/node/node-file.ts";
import { signForNode } from "../../src/cli/serve/nodes/node-agents.ts";
import { issueAgent } from "../../src/credentials/agent-keys.ts";
import { readNodes, revokeNode } from "../../src/credentials/nodes/nodes.ts";
import { placeAgent, placementOf } from "../../src/credentials/nodes/placements.ts";
import { createMintedRoles } from "../../src/credentials/role-by-credentials.ts";
import { takeAgentLock } from "../../src/data-dir/agent-lock.ts";
import { buildJoinCode, parseJoinCode } from "../../src/domain/nodes/join-code.ts";
import { isHere } from "../../src/domain/nodes/node-view.ts";
import { parseAgentId } from "../../src/domain/wire/agent-id.ts";
import { nodeConnectionName } from "../../src/domain/wire/subjects.ts";
import { silentLogger as log } from "../../src/log.ts";
import { createUserKey, readSigned } from "../../src/nats/accounts/node-credentials.ts";
import { issueCertificate, makeCertificate } from "../support/certificate.ts";
import { failureOf } from "../support/error-of.ts";
import { hubNames, joinAs, runNode, startHub } from "../support/hub.ts";
import { startTcpProxy } from "../support/tcp-proxy.ts";
import { tempDir } from "../support/temp-dir.ts";
import { startTlsRelay } from "../support/tls-relay.ts";
import { until } from "../support/wait-for.ts";

const hub = await startHub();
const dir = await tempDir();
afterAll(async () => {
  await hub[Symbol.asyncDispose]();
  await dir[Symbol.asyncDispose]();
});

const newCode = "on the server's machine, make another one: cliai join-code";
const codeOf = (error: unknown) => (error as { readonly code?: unknown }).code;

/** Connects as the node does, by the package `nats` itself. */
async function connectAs(dataDir: string, name: string): Promise<NatsConnection> {
  return await connect({
    ...{ servers: hub.natsUrl, reconnect: false, inboxPrefix: `_INBOX.node-${name}` },
    name: nodeConnectionName(name),
    authenticator: credsAuthenticator(await readFile(nodeCredsPath(dataDir))),
  });
}

/** A heartbeat that counts for minutes. */
const beat = (node: NatsConnection, name: string, more = {}) =>
  node.publish(
    `node.${name}.heartbeat`,
    JSON.stringify({
      ...{ node: name, instance_id: "i", interval_s: 60, host: "box", pid: 1, version: "1.2.3" },
      ...{ platform: "linux", agents: 0, timestamp: new Date().toISOString(), ...more },
    }),
  );

describe("the door", () => {
  test("is shut while there is no code: nobody gets in without credentials", async () => {
    await using shut = await startHub();
    await expect(connect({ servers: shut.natsUrl, reconnect: false })).rejects.toThrow(
      "Authorization Violation",
    );
    const { code } = await hub.makeCode();
    expect(await failureOf(joinAs(dir, "early", shut.natsUrl, code))).toMatchObject({
      ...{ code: "refused", hint: newCode },
      message: `the server at ${shut.natsUrl} lets no machine join now: the code has ended, or is another server's`,
    });
    // A code that is withdrawn counts no more, and the door is shut.
    const withdrawn = await shut.makeCode();
    expect(await shut.withdraw()).toEqual({ withdrawn: 1 });
    expect((await failureOf(joinAs(dir, "early", withdrawn.url, withdrawn.code))).hint).toBe(newCode);
    expect(await shut.withdraw()).toEqual({ withdrawn: 0 });
    await shut.makeCode();
    const asker = await connect({ servers: shut.natsUrl, inboxPrefix: "_INBOX.join", reconnect: false });
    // When the last code ends, the door shuts also for whoever stands in it.
    shut.setClockOn(600_001);
    await shut.makeCode(300);
    await asker.closed();
    await expect(connect({ servers: shut.natsUrl, reconnect: false })).rejects.toThrow(
      "Authorization Violation",
    );
  });

  test("lets a stranger ask who is there and to be let in, and nothing else", async () => {
    await hub.makeCode();
    const stranger = await connect({ servers: hub.natsUrl, inboxPrefix: "_INBOX.join", reconnect: false });
    const asked = await stranger.request("join.hub", "{}", { timeout: 60_000 });
    expect(asked.json<{ result: object }>().result).toEqual({
      operator: hub.keys.operator.getPublicKey(),
      trust: "",
    });
    for (const subject of [
      "agent.ada.heartbeat",
      "tools.call.ada",
      "$JS.API.INFO",
      "$SYS.REQ.USER.INFO",
      "serve.joincode",
    ]) {
      const refused = await stranger.request(subject, "{}", { timeout: 60_000 }).catch(codeOf);
      expect([subject, refused]).toEqual([subject, "PERMISSIONS_VIOLATION"]);
    }
    const refusal = Promise.withResolvers<NatsError | null>();
    stranger.subscribe("join.request", { callback: (error) => refusal.resolve(error) });
    expect(await refusal.promise).toMatchObject({ code: "PERMISSIONS_VIOLATION" });
    await stranger.close();
  });
});

test("nobody stays in the door, and it shuts soon after its last code was used", async () => {
  const doorTimes = { strangerMs: 50, afterUseMs: 1_000 };
  await using brief = await startHub({ doorTimes });
  const { url, code } = await brief.makeCode();
  const enter = () => connect({ servers: url, inboxPrefix: "_INBOX.join", reconnect: false });
  await (await enter()).closed();
  doorTimes.strangerMs = 60_000;
  const asker = await enter();
  await joinAs(dir, "brief", url, code);
  await asker.closed();
  await expect(enter()).rejects.toThrow("Authorization Violation");
});

describe("cliai join", () => {
  test("gives a machine credentials of its own, whose key the hub never had", async () => {
    const { url, code } = await hub.makeCode();
    expect(url).toBe(hub.natsUrl);
    const { dataDir, printed } = await joinAs(dir, "one", url, code);
    expect(printed).toEqual([`this machine has joined as the node one (data in ${dataDir})`]);
    if (process.platform !== "win32") expect((await stat(nodeCredsPath(dataDir))).mode & 0o777).toBe(0o600);
    const node = await connectAs(dataDir, "one");
    for (const subject of ["node.two.heartbeat", "agent.ada.heartbeat", "tools.call.one", "$JS.API.INFO"]) {
      const refused = await node.request(subject, "{}", { timeout: 60_000 }).catch(codeOf);
      expect([subject, refused]).toEqual([subject, "PERMISSIONS_VIOLATION"]);
    }
    await node.close();
    // Its directory is in use now.
    const again = joinAs(dir, "one", url, (await hub.makeCode()).code);
    expect((await failureOf(again)).message).toBe(
      `${dataDir} has joined already, as the node one of ${hub.natsUrl}`,
    );
  });

  test("refuses a code that was used, is late, is guessed, or is another hub's, each in one line with a hint", async () => {
    const used = await hub.makeCode();
    await joinAs(dir, "first", used.url, used.code);
    expect(await failureOf(joinAs(dir, "second", used.url, used.code))).toMatchObject({
      ...{ code: "refused", message: "the join code was used already: it counts once", hint: newCode },
    });
    const parsed = parseJoinCode(used.code);
    const bytes = (text = "") => Uint8Array.fromBase64(text, { alphabet: "base64url" });
    const id = Uint8Array.fromHex(parsed?.id ?? "");
    const guess = buildJoinCode({ id, secret: new Uint8Array(16), pin: bytes(parsed?.pin) });
    expect(await failureOf(joinAs(dir, "guess", used.url, guess))).toMatchObject({
      ...{ code: "refused", message: "the join code is wrong", hint: newCode },
    });
    const other = buildJoinCode({ id, secret: bytes(parsed?.secret), pin: new Uint8Array(16) });
    expect(await failureOf(joinAs(dir, "other", used.url, other))).toMatchObject({
      ...{
        code: "refused",
        hint: expect.stringContaining("use the address that cliai join-code has printed"),
      },
      message: `the server at ${hub.natsUrl} is not the one that has made this code`,
    });
    const late = await hub.makeCode(60_000);
    await hub.makeCode();
    hub.setClockOn(61_000);
    expect(await failureOf(joinAs(dir, "late", late.url, late.code))).toMatchObject({
      ...{ code: "refused", message: expect.stringMatching(/^the join code has ended, at /), hint: newCode },
    });
  });

  test("can be repeated with the same code if it fails half-way", async () => {
    const { url, code } = await hub.makeCode();
    // Nothing can be written: it does not ask at all.
    const ownKey = dir.join("half", "keys", "join-key.json");
    await mkdir(ownKey, { recursive: true });
    expect((await failureOf(joinAs(dir, "half", url, code))).code).toBe("data_dir_unwritable");
    await rm(ownKey, { recursive: true });
    // A key that cannot be signed uses nothing up.
    const { id: code_id, secret } = parseJoinCode(code) ?? {};
    const asker = await connect({ servers: url, inboxPrefix: "_INBOX.join", reconnect: false });
    const bad = JSON.stringify({ code_id, secret, user_key: "U".padEnd(56, "A"), name: "half", host: "box" });
    const answer = await asker.request("join.request", bad, { timeout: 60_000 });
    expect(answer.json()).toEqual({
      error: { code: "message_invalid", message: "user_key is no public key" },
    });
    await asker.close();
    // The answer cannot be written: the code is used up, but for the same key.
    const creds = nodeCredsPath(dir.join("half"));
    await mkdir(creds, { recursive: true });
    await failureOf(joinAs(dir, "half", url, code));
    expect(readNodes(hub.dataDir, () => undefined).map(({ name }) => name)).toContain("half");
    await rm(creds, { recursive: true });
    await joinAs(dir, "half", url, code);
    await (await connectAs(dir.join("half"), "half")).close();
    expect(await readdir(dir.join("half", "keys"))).toEqual(["node.creds"]);
  });

  test("reads the code from its input, where no list of processes shows it", async () => {
    const { url, code } = await hub.makeCode();
    await joinAs(dir, "quiet", url, "-", `${code}\n`);
    expect(await failureOf(joinAs(dir, "empty", url, "-"))).toMatchObject({
      ...{ code: "usage", message: '"" is not a join code, or not a whole one' },
    });
  });

  test("does not use a code up for a name that is taken", async () => {
    const one = await hub.makeCode();
    await joinAs(dir, "taken", one.url, one.code);
    const { url, code } = await hub.makeCode();
    await using elsewhere = await tempDir();
    expect(await failureOf(joinAs(elsewhere, "Taken", url, code))).toMatchObject({
      ...{ code: "usage", message: 'there is a node "taken" already' },
    });
    await joinAs(elsewhere, "free", url, code);
  });

  test("refuses before it asks: half a code, another machine without TLS, the directory of a server", async () => {
    const { url, code } = await hub.makeCode();
    const messageOf = async (...args: Parameters<typeof joinAs>) =>
      (await failureOf(joinAs(...args))).message;
    expect(await messageOf(dir, "x", url, code.slice(0, -3))).toContain(
      "is not a join code, or not a whole one",
    );
    expect(await messageOf(dir, "x", "nats://192.0.2.7:4222", code)).toBe(
      "nats://192.0.2.7:4222 is another machine, and has no TLS: others could read the code",
    );
    expect(await messageOf(dir, "x", "http://127.0.0.1:3000", code)).toBe(
      '"http://127.0.0.1:3000" is no address of a NATS server',
    );
    const unanswered = await failureOf(joinAs(dir, "x", "nats://127.0.0.1:1", code));
    expect(unanswered).toMatchObject({
      ...{ code: "nats_unreachable", hint: expect.stringContaining("if too many machines ask") },
      message: "no server at nats://127.0.0.1:1 lets this machine ask",
    });
    await using own = await startHub();
    const parent = { ...dir, join: () => own.dataDir };
    expect(await messageOf(parent, "x", url, code)).toBe(
      `${own.dataDir} is the directory of a server of its own`,
    );
  });
});

test("over TLS, a machine trusts only the hub whose code it has, and keeps its certificate", async () => {
  await using secure = await startHub({ tls: true });
  await using impostor = await startHub({ tls: true });
  const { url, code } = await secure.makeCode();
  expect(url).toBe(secure.natsUrl);
  expect(url).toStartWith("tls://");
  await impostor.makeCode();
  expect((await failureOf(joinAs(dir, "fooled", impostor.natsUrl, code))).message).toBe(
    `the server at ${impostor.natsUrl} is not the one that has made this code`,
  );
  // A server that is no match for the address is told apart from a code that counts no more.
  const { code: plainCode } = await hub.makeCode();
  const noTls = joinAs(dir, "plain", `tls://127.0.0.1:${hub.port}`, plainCode);
  expect((await failureOf(noTls)).message).toBe(
    `the nats-server at tls://127.0.0.1:${hub.port} does not speak TLS; nothing was sent to it`,
  );
  const { dataDir } = await joinAs(dir, "safe", url, code);
  expect(await readFile(nodeCredsPath(dataDir), "utf8")).toContain("BEGIN CERTIFICATE");
  await using _running = runNode(dataDir);
  await until("the node is here, over TLS", async () => (await secure.node("safe"))?.state === "here");
});

test("over TLS, nobody in the middle gets the secret, also not with a certificate of the same authority", async () => {
  await using authorityDir = await tempDir();
  await using ownDir = await tempDir();
  await using otherDir = await tempDir();
  const authority = await makeCertificate(authorityDir, ["DNS:authority.example"]);
  const [own, other] = await Promise.all(
    [ownDir, otherDir].map((at) => issueCertificate(at, hubNames, authority)),
  );
  if (own === undefined || other === undefined) throw new Error("no certificates");
  await using secure = await startHub({ tls: own });
  const { url, code } = await secure.makeCode();
  const secret = parseJoinCode(code)?.secret ?? "none";
  for (const certificate of [other, authority]) {
    await using relay = await startTlsRelay(secure.port, certificate);
    const joining = joinAs(dir, "relayed", `tls://127.0.0.1:${relay.port}`, code);
    expect(await failureOf(joining)).toMatchObject({
      ...{ code: "refused", message: expect.stringContaining("is not trusted") },
    });
    // He has passed the true facts on, which any machine may ask for.
    expect(relay.heard()).toContain("join.hub");
    expect(relay.heard()).not.toContain(secret);
  }
  await joinAs(dir, "relayed", url, code);
});

describe("a node", () => {
  test("is away when its link is cut, at once, and back when the link is", async () => {
    await using proxy = await startTcpProxy(() => hub.port);
    const { code } = await hub.makeCode();
    const { dataDir } = await joinAs(dir, "cut", `nats://127.0.0.1:${proxy.port}`, code);
    expect(await hub.node("cut")).toMatchObject({ state: "away", may_launch: false });
    // Its heartbeats are 15 s apart: it is their connection that tells.
    await using _running = runNode(dataDir, { env: {} });
    const here = await until("the node is here", async () => {
      const node = await hub.node("cut");
      return node?.state === "here" && node;
    });
    expect(here).toMatchObject({ name: "cut", agents: 0, pid: process.pid, platform: process.platform });
    proxy.cut();
    const cutMs = performance.now();
    await until("the node is away", async () => (await hub.node("cut"))?.state === "away");
    // Without the news of its connection, it would be away after three heartbeats.
    expect(performance.now() - cutMs).toBeLessThan(29_000);
    proxy.mend();
    await until("the node is back", async () => (await hub.node("cut"))?.state === "here");
  });

  test("that is revoked loses its connection at once, and for good", async () => {
    const { url, code } = await hub.makeCode();
    const { dataDir } = await joinAs(dir, "lost", url, code);
    const { id: code_id, secret } = parseJoinCode(code) ?? {};
    const user_key = readNodes(hub.dataDir, () => undefined).find(({ name }) => name === "lost")?.user_key;
    await hub.makeCode(); // so that the door stays open
    const node = await connectAs(dataDir, "lost");
    // The directory may be named in another way than serve names it.
    const link = dir.join("hub-by-link");
    await symlink(hub.dataDir, link, "junction");
    expect(await revokeNode(link, hub.keys, "lost", { now: new Date(), log })).toBe(true);
    await node.closed();
    await expect(connectAs(dataDir, "lost")).rejects.toThrow("Authorization Violation");
    expect(await hub.node("lost")).toBeUndefined();
    // The code by which it joined does not let it back in.
    const asker = await connect({ servers: url, inboxPrefix: "_INBOX.join", reconnect: false });
    const again = JSON.stringify({ code_id, secret, user_key, name: "lost", host: "box" });
    const answer = await asker.request("join.request", again, { timeout: 60_000 });
    expect(answer.json()).toMatchObject({ error: { message: "the server has no such join code" } });
    await asker.close();
    // Its name is free again, and the new node of this name is another one.
    await using elsewhere = await tempDir();
    const { dataDir: anew } = await joinAs(elsewhere, "lost", url, (await hub.makeCode()).code);
    await (await connectAs(anew, "lost")).close();
    await expect(connectAs(dataDir, "lost")).rejects.toThrow("Authorization Violation");
  });
});

test("a node is here while its newest connection is, whatever becomes of an older one", async () => {
  const nodes = ["twice", "fence"];
  for (const name of nodes) {
    const { url, code } = await hub.makeCode();
    await joinAs(dir, name, url, code);
  }
  await hub.nodes();
  const old = await connectAs(dir.join("twice"), "twice");
  const young = await connectAs(dir.join("twice"), "twice");
  const fence = await connectAs(dir.join("fence"), "fence");
  beat(young, "twice");
  beat(fence, "fence");
  for (const name of nodes)
    await until(`${name} is here`, async () => (await hub.node(name))?.state === "here");
  await old.close();
  await fence.close();
  // What nats-server says of the fence, it says after what it says of the old connection.
  await until("the fence is away", async () => (await hub.node("fence"))?.state === "away");
  expect((await hub.node("twice"))?.state).toBe("here");
  await young.close();
  await until("it is away", async () => (await hub.node("twice"))?.state === "away");
});

test("a node is not believed about its name, its machine, or how long it may be silent", async () => {
  const { url, code } = await hub.makeCode();
  const { dataDir } = await joinAs(dir, "liar", url, code);
  const joined = await hub.node("liar");
  const node = await connectAs(dataDir, "liar");
  beat(node, "liar", { node: "one", agents: 1 });
  beat(node, "liar", { host: "elsewhere", agents: 2 });
  const heard = await until("it is heard", async () => {
    const view = await hub.node("liar");
    return view?.agents !== undefined && view;
  });
  expect(heard).toMatchObject({ name: "liar", host: joined?.host, agents: 2 });
  await node.close();
  expect([isHere(179_999, 3_600), isHere(180_000, 3_600)]).toEqual([true, false]);
});

test("a node that is not let in at its start says why, once, and which process it is", async () => {
  const { url, code } = await hub.makeCode();
  const { dataDir } = await joinAs(dir, "unwanted", url, code);
  await revokeNode(hub.dataDir, hub.keys, "unwanted", { now: new Date(), log });
  const warned: string[] = [];
  await using _running = runNode(dataDir, { log: { ...log, warn: (line) => void warned.push(line) } });
  await until("it says why", () => warned.length > 0);
  expect(warned).toEqual([
    expect.stringContaining("the hub no longer takes the node unwanted: it was revoked"),
  ]);
  expect(JSON.parse(await readFile(join(dataDir, "node-run.json"), "utf8"))).toMatchObject({
    ...{ pid: process.pid, connected: false },
  });
});

test("a node whose file was removed by hand is ended, too", async () => {
  const { url, code } = await hub.makeCode();
  const { dataDir } = await joinAs(dir, "removed", url, code);
  const node = await connectAs(dataDir, "removed");
  expect(await hub.node("removed")).toBeDefined();
  await rm(join(hub.dataDir, "keys", "nodes", "removed.json"));
  expect(await hub.node("removed")).toBeUndefined();
  await node.closed();
  await expect(connectAs(dataDir, "removed")).rejects.toThrow("Authorization Violation");
});

describe("agents on a node", () => {
  const userKey = () => createUserKey().publicKey;
  const options = { dataDir: hub.dataDir, keys: hub.keys, now: hub.now, log };
  const sign = (node: string, act: "make" | "renew" | "end", id: string, user_key: string) =>
    signForNode({ name: node }, { act, agent_id: parseAgentId(id), user_key }, options);
  const roleOf = createMintedRoles(hub.dataDir, () => new Date(), log);
  const claimsIn = ({ jwt = "" }: { readonly jwt?: string | undefined }) =>
    JSON.parse(Buffer.from(jwt.split(".")[1] ?? "", "base64url").toString());

  test("get credentials for a week, with the role that serve has placed them with", async () => {
    const placed_at = new Date().toISOString();
    await placeAgent(hub.dataDir, { agent_id: parseAgentId("cap"), node: "a", role: "captain", placed_at });
    const key = userKey();
    const signed = await sign("a", "make", "cap", key);
    const week = 7 * 24 * 3_600;
    const claims = claimsIn(signed);
    expect(claims).toMatchObject({ name: "cap", sub: key });
    expect(Math.abs(claims.exp - hub.now().getTime() / 1_000 - week)).toBeLessThan(60);
    expect(roleOf("cap")).toBe("captain");
    // An agent that the node brings is a plain one, whatever its profile says there.
    await sign("a", "make", "brought", userKey());
    expect(roleOf("brought")).toBe("agent");
  });

  test("are refused to another node, and for an agent of the server's own machine", async () => {
    await sign("a", "make", "mine", userKey());
    await issueAgent(hub.dataDir, hub.keys, { id: parseAgentId("local"), role: "agent", now: new Date() });
    for (const [node, act, id] of [
      ["b", "make", "mine"],
      ["b", "renew", "mine"],
      ["b", "end", "mine"],
      ["a", "make", "local"],
      ["a", "renew", "nobody"],
    ] as const) {
      const message = `the agent "${id}" is not one of the node ${node}`;
      expect(await failureOf(sign(node, act, id, userKey()))).toMatchObject({ code: "refused", message });
    }
  });

  test("are renewed for the same key alone, also when they have expired, but not when they are revoked", async () => {
    const key = userKey();
    const first = claimsIn(await sign("a", "make", "renewed", key));
    const again = claimsIn(await sign("a", "renew", "renewed", key));
    expect(again).toMatchObject({ sub: first.sub, iss: first.iss, nats: first.nats });
    expect(again.exp).toBeGreaterThanOrEqual(first.exp);
    hub.setClockOn(8 * 24 * 3_600_000);
    await sign("a", "renew", "renewed", key);
    const ended = 'the credentials of "renewed" have ended, and are not renewed';
    expect((await failureOf(sign("a", "renew", "renewed", userKey()))).message).toBe(ended);
    await sign("a", "end", "renewed", key);
    expect((await failureOf(sign("a", "renew", "renewed", key))).message).toBe(ended);
  });

  test("are renewed by their node when half of their time is over, in the same file and for the same key", async () => {
    const { url, code } = await hub.makeCode();
    const { dataDir } = await joinAs(dir, "renewing", url, code);
    const node = { name: "renewing", url, joined_at: "" };
    const id = parseAgentId("lasting");
    const { path } = await mintAtNode(id, { dataDir, node, log });
    const creds = await readFile(path, "utf8");
    const before = await readSigned(creds);
    const held = await takeAgentLock(dataDir, id);
    await using early = runNode(dataDir);
    await until("the node is here", async () => (await hub.node("renewing"))?.state === "here");
    await early[Symbol.asyncDispose]();
    expect(await readFile(path, "utf8")).toBe(creds);

    const { issuedAtMs = 0, expiresAtMs = 0 } = before ?? {};
    hub.setClockOn(4 * 24 * 3_600_000);
    await using _late = runNode(dataDir, { now: () => new Date((issuedAtMs + expiresAtMs) / 2) });
    const after = await until("they are renewed", async () => {
      const signed = await readSigned(await readFile(path, "utf8"));
      return signed?.jwt !== before?.jwt && signed;
    });
    expect(after.userKey).toBe(before?.userKey ?? "");
    expect(after.expiresAtMs ?? 0).toBeGreaterThan(expiresAtMs + 3 * 24 * 3_600_000);
    expect((await readFile(path, "utf8")).replace(after.jwt, before?.jwt ?? "")).toBe(creds);
    held.release();
  });

  test("are an agent's of the server's machine again once it is launched there", async () => {
    await sign("a", "make", "moved", userKey());
    await issueAgent(hub.dataDir, hub.keys, { id: parseAgentId("moved"), role: "agent", now: new Date() });
    expect(placementOf(hub.dataDir, parseAgentId("moved"))).toBeUndefined();
  });
});
