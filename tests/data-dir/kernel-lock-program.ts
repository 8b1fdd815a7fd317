// Takes the lock whose path it is given, says so, and holds it for as long as it lives.
import process from "node:process";
import { takeKernelLock } from "../../src/data-dir/kernel-lock.ts";

const lock = await takeKernelLock(process.argv[2] ?? "");
process.stdout.write(lock === undefined ? "refused\n" : "held\n");
if (lock !== undefined) process.stdin.resume().once("end", () => lock.release());
