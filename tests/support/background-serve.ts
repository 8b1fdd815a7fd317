// A server that the program has started in the background is nobody's child: it is ended by its data directory, as a person would.
import { readServeFile } from "../../src/data-dir/serve-file.ts";
import { isServed } from "../../src/data-dir/serve-lock.ts";
import { waitFor } from "./wait-for.ts";

/** What a background server of a test is started with: free ports, and leave to start. */
export const backgroundEnv = { CLIAI_PORT: "0", CLIAI_NATS_PORT: "0", CLIAI_NO_START: undefined } as const;

/** `await using _ = endsServeOf(dataDir)`: no server is left on the directory. */
export function endsServeOf(dataDir: string): AsyncDisposable {
  return {
    async [Symbol.asyncDispose]() {
      if (!(await isServed(dataDir))) return;
      const server = await waitFor(() => readServeFile(dataDir), { what: "the server says who it is" });
      process.kill(server.pid, "SIGTERM");
      await waitFor(async () => !(await isServed(dataDir)), {
        what: "the server has ended",
      });
    },
  };
}
