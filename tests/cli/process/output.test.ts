// Where a command writes: the stream of the process is made only for those who need it, and nothing overtakes what was written before.
import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Writable } from "node:stream";
import { createOutput, type OutputStream } from "../../../src/cli/process/output.ts";
import { tempDir } from "../../support/temp-dir.ts";

function streamOf(isTTY: boolean): { take: () => OutputStream; taken: () => number; text: () => string } {
  let text = "";
  const sink = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  const stream = Object.assign(sink, { isTTY, columns: 100 });
  let taken = 0;
  const take = () => {
    taken += 1;
    return stream;
  };
  return { take, taken: () => taken, text: () => text };
}

const never = (cause: Error) => {
  throw cause;
};

describe("createOutput()", () => {
  test("lines for a file are written at once, and nobody makes the stream", async () => {
    await using dir = await tempDir();
    const [path, stream] = [dir.join("out"), streamOf(false)];
    const fd = openSync(path, "w");
    const output = createOutput(stream.take, fd, never);
    output.write("ä\n");
    expect(readFileSync(path, "utf8")).toBe("ä\n");
    expect([output.isTerminal, output.columns, output.isBusy(), stream.taken()]).toEqual([
      ...[false, undefined, false, 0],
    ]);
    closeSync(fd);
  });

  test("a pipe that nobody reads gets no more than it takes, and the stream the rest", async () => {
    await using dir = await tempDir();
    const [path, stream] = [dir.join("pipe"), streamOf(false)];
    expect(spawnSync("mkfifo", [path]).status).toBe(0);
    // Opened for both, so that it does not wait for a reader.
    const fd = openSync(path, "r+");
    const output = createOutput(stream.take, fd, never);
    const line = `${"x".repeat(1_023)}\n`;
    for (let count = 0; count < 100; count += 1) output.write(line);
    const rest = stream.text();
    expect([rest.length, stream.taken()]).toEqual([84 * 1_024, 1]);
    closeSync(fd);
  });

  test("is busy until a slow reader has taken all, so that the process does not end before", async () => {
    await using dir = await tempDir();
    const program = dir.join("program.ts");
    const module = join(import.meta.dirname, "../../../src/cli/process/output.ts");
    await Bun.write(
      program,
      `import { createOutput } from ${JSON.stringify(module)};
      const output = createOutput(() => process.stdout, 1, () => process.exit(1));
      output.write("x".repeat(500_000));
      const look = () => (output.isBusy() ? setTimeout(look, 20) : process.exit(0));
      setTimeout(look, 20);`,
    );
    const pipeline = '"$0" "$1" | { sleep 0.5; wc -c; }';
    const { stdout } = spawnSync("sh", ["-c", pipeline, process.execPath, program], { encoding: "utf8" });
    expect(stdout.trim()).toBe("500000");
  });

  test("whoever takes the stream gets the lines that follow into it as well", async () => {
    await using dir = await tempDir();
    const [path, stream] = [dir.join("out"), streamOf(false)];
    const fd = openSync(path, "w");
    const output = createOutput(stream.take, fd, never);
    output.write("1\n");
    output.stream.write("2\n");
    output.write("3\n");
    expect([readFileSync(path, "utf8"), stream.text(), stream.taken()]).toEqual(["1\n", "2\n3\n", 1]);
    closeSync(fd);
  });

  test("a stream without a file, or with a device behind it, is asked whether it is a terminal", () => {
    for (const fd of [undefined, openSync("/dev/null", "w")]) {
      const stream = streamOf(true);
      const output = createOutput(stream.take, fd, never);
      output.write("1\n");
      expect([output.isTerminal, output.columns, stream.text()]).toEqual([true, 100, "1\n"]);
      if (fd !== undefined) closeSync(fd);
    }
  });

  test("what cannot be written is told, with the system's own code", async () => {
    await using dir = await tempDir();
    const codes: unknown[] = [];
    const fd = openSync(dir.join("out"), "w");
    closeSync(fd);
    const readOnly = openSync(dir.join("out"), "r");
    const output = createOutput(streamOf(false).take, readOnly, ({ code }) => codes.push(code));
    output.write("1\n");
    expect(codes).toEqual(["EBADF"]);
    closeSync(readOnly);
  });
});
