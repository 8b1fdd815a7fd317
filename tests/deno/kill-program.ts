// Ends a program that stands still: it is asked first, and then killed.
import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { endProcess, signalChild } from "../../src/processes/end-process.ts";

const child = spawn("sleep", ["600"], { stdio: "ignore" });
const ended = once(child, "exit").then(() => process.stdout.write("it has ended\n"));
process.kill(child.pid ?? 0, "SIGSTOP");
const signal = (name: NodeJS.Signals) => () => signalChild(child, name);
await endProcess({ terminate: signal("SIGTERM"), kill: signal("SIGKILL"), ended }, 200);
process.stdout.write("over\n");
