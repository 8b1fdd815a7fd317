// Two nats-servers as docs/cluster.md sets them up for a remote machine: a hub with JetStream, and a leaf node without.
import { mkdir, writeFile } from "node:fs/promises";
import { startChild } from "./child.ts";
import { testNatsServer } from "./nats.ts";
import { freePorts } from "./nats-cluster.ts";
import { tempDir } from "./temp-dir.ts";
import { waitFor } from "./wait-for.ts";

export interface NatsLeaf extends AsyncDisposable {
  readonly hubUrl: string;
  readonly leafUrl: string;
}

/** Resolves when the leaf is connected to the hub. */
export async function startNatsLeaf(): Promise<NatsLeaf> {
  await using starting = new AsyncDisposableStack();
  const dir = starting.use(await tempDir());
  const [hub = 0, leaves = 0, leaf = 0] = await freePorts(3);
  await mkdir(dir.join("js"));
  const hubConfig = `host: "127.0.0.1"
port: ${hub}
max_payload: 8MB
jetstream { store_dir: ${JSON.stringify(dir.join("js"))}, domain: hub }
leafnodes { host: "127.0.0.1", port: ${leaves} }
`;
  const leafConfig = `host: "127.0.0.1"
port: ${leaf}
max_payload: 8MB
mappings: { "$JS.API.>": "$JS.hub.API.>" }
leafnodes { remotes: [ { url: "nats://127.0.0.1:${leaves}" } ] }
`;
  await writeFile(dir.join("hub.conf"), hubConfig);
  await writeFile(dir.join("leaf.conf"), leafConfig);
  const natsServer = await testNatsServer();
  const hubServer = starting.use(await startChild(natsServer, ["-c", dir.join("hub.conf")], {}));
  await waitFor(() => hubServer.stderr.includes("Server is ready"), { what: "the hub" });
  const leafServer = starting.use(await startChild(natsServer, ["-c", dir.join("leaf.conf")], {}));
  await waitFor(() => leafServer.stderr.includes("Leafnode connection created"), {
    what: "the leaf's connection",
  });
  const running = starting.move();
  return {
    hubUrl: `nats://127.0.0.1:${hub}`,
    leafUrl: `nats://127.0.0.1:${leaf}`,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
