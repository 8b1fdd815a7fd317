// The program's entry. It passes the parts of the process to `run`, and does nothing else.
import process from "node:process";
import { run } from "./cli/frame/run.ts";

process.exitCode = await run({
  argv: process.argv.slice(2),
  env: process.env,
  cwd: process.cwd(),
  // Each is made when it is first asked for, which takes 3 to 4 ms.
  stdin: () => process.stdin,
  stdout: () => process.stdout,
  stderr: () => process.stderr,
  // Not on Windows, whose pipes take less before a writer has to wait for the reader.
  outputFds: process.platform === "win32" ? undefined : { stdout: 1, stderr: 2 },
  exit: (code) => process.exit(code),
});
