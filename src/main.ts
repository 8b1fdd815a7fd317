// The program's entry. It passes the parts of the process to `run`, and does nothing else.
import process from "node:process";
import { run } from "./cli/frame/run.ts";

process.exitCode = await run({
  argv: process.argv.slice(2),
  env: process.env,
  cwd: process.cwd(),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  exit: (code) => process.exit(code),
});
