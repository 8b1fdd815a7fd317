// A nats-server that others run: its own configuration, users and rights, started without anything of ours.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { startChild } from "./child.ts";
import { testNatsServer } from "./nats.ts";
import { tempDir } from "./temp-dir.ts";
import { waitFor } from "./wait-for.ts";

export interface ForeignNats extends AsyncDisposable {
  readonly port: number;
  /** What it has written to its log so far. */
  log(): string;
}

/** @param more lines for its configuration, such as `authorization { … }`; JetStream and a free port are there already */
export async function startForeignNats(more: string): Promise<ForeignNats> {
  await using parts = new AsyncDisposableStack();
  const dir = parts.use(await tempDir());
  await mkdir(dir.join("ports"));
  const config = `host: "127.0.0.1"
port: -1
ports_file_dir: ${JSON.stringify(dir.join("ports"))}
max_payload: 8388608
jetstream { store_dir: ${JSON.stringify(dir.join("store"))} }
${more}
`;
  await writeFile(dir.join("nats.conf"), config);
  const child = parts.use(
    await startChild(await testNatsServer(), ["-c", dir.join("nats.conf")], { stdin: "ignore" }),
  );
  const portsFile = dir.join("ports", `nats-server_${child.pid}.ports`);
  const port = await waitFor(
    async () => {
      const text = await readFile(portsFile, "utf8").catch(() => ""); // not there yet
      return text.endsWith("}") && Number(new URL(JSON.parse(text).nats[0]).port);
    },
    { what: "the foreign nats-server listens", saw: () => child.stderr },
  );
  const owned = parts.move();
  return { port, log: () => child.stderr, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
