// Ends a server that the program has started in the background. It is nobody's child, so a test finds it by its data directory, as a person does.
import { readServeFile } from "../../src/data-dir/serve-file.ts";
import { isServed } from "../../src/data-dir/serve-lock.ts";
import { waitFor } from "./wait-for.ts";

/** The environment of a program that may start a server in the background: free ports, and no CLIAI_NO_START. */
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
