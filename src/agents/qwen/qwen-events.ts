// Follows the named pipe into which Qwen Code writes what its terminal does (`--json-file`), a JSON text in each line. It is a pipe, because
// a file would grow with every piece of every answer. While nobody reads, Qwen Code keeps a megabyte, and then writes no more.
// Measured with 0.24.4.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:fs";
import { type FileHandle, open, rm } from "node:fs/promises";
import { createLineSplitter } from "../../domain/text/lines.ts";
import { parseJsonLine } from "../../domain/wire/decode.ts";
import { pause } from "../../waiting.ts";

const lookEveryMs = 100;
const bytesAtOnce = 65_536;

/** Makes the pipe, in the place of an older one. Resolves with false if this system has no such pipes. */
export async function makePipe(path: string): Promise<boolean> {
  await rm(path, { force: true });
  const made = spawn("mkfifo", ["-m", "600", path], { stdio: "ignore" });
  try {
    const [code] = (await once(made, "exit")) as [number | null];
    return code === 0;
  } catch {
    return false; // there is no such program
  }
}

/** Calls `onLine` with each line, until the signal aborts. Rejects if the pipe cannot be read. */
export async function followPipe(
  path: string,
  onLine: (line: unknown) => void,
  signal: AbortSignal,
): Promise<void> {
  await using pipe = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const decoder = new TextDecoder();
  const splitter = createLineSplitter();
  while (!signal.aborted) {
    const data = await readNow(pipe);
    for (const line of splitter.push(decoder.decode(data, { stream: true }))) onLine(parseJsonLine(line));
    if (data.length === 0) await pause(lookEveryMs, signal);
  }
}

/** What is there now; empty if nothing is, or if nobody has opened the pipe to write. */
async function readNow(pipe: FileHandle): Promise<Uint8Array> {
  const buffer = Buffer.alloc(bytesAtOnce);
  try {
    const { bytesRead } = await pipe.read(buffer, 0, buffer.length, null);
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EAGAIN") return new Uint8Array();
    throw error;
  }
}
