// Under Deno: an HTTP server of src/runtime.ts that answers with the size of each body, or with why it cannot be read.
import process from "node:process";
import { CliaiError } from "../../src/domain/text/errors.ts";
import { serveHttp } from "../../src/runtime.ts";

const server = await serveHttp({
  host: "127.0.0.1",
  port: 0,
  maxBodyBytes: 1_000,
  requestWithinS: 1,
  async fetch(request) {
    try {
      return new Response(`${(await request.text()).length} bytes`);
    } catch (error) {
      return new Response(error instanceof CliaiError ? error.code : String(error), { status: 400 });
    }
  },
});
process.stdout.write(`port ${server.port}\n`);
