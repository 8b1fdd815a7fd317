// One event stream over a real socket: quick when it is read, and no burden when it is not.
import { describe, expect, test } from "bun:test";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { serveHttp } from "../../../src/runtime.ts";
import { eventStream, type StreamSource } from "../../../src/web/api/event-stream.ts";
import { waitFor } from "../../support/wait-for.ts";
import { readEvents } from "../event-reader.ts";

const options = { minGapMs: 0, keepAlive: ": keep-alive\n\n" };

/** A source that always has 64 KiB to tell, and counts. */
function endlessSource() {
  const counts = { asked: 0, watching: 0 };
  const source: StreamSource = {
    next: () => {
      counts.asked += 1;
      return [{ event: "much", data: "x".repeat(64 * 1024) }];
    },
    watch: () => {
      counts.watching += 1;
      return () => {
        counts.watching -= 1;
      };
    },
  };
  return { source, counts };
}

function streamOf(source: StreamSource, minGapMs = 0): Response {
  return eventStream(source, { ...options, minGapMs, signal: new AbortController().signal });
}

describe("eventStream()", () => {
  test("a client that never reads is soon not written to, and is let go when it leaves", async () => {
    const { source, counts } = endlessSource();
    const http = await serveHttp({
      host: "127.0.0.1",
      port: 0,
      maxBodyBytes: 1024,
      fetch: (request) => eventStream(source, { ...options, signal: request.signal }),
    });
    try {
      const socket: Socket = connect(http.port, "127.0.0.1");
      await once(socket, "connect");
      socket.pause();
      socket.write("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
      await waitFor(() => counts.asked > 0, { what: "the stream begins" });
      // Full once a whole watch of the count sees it stand still.
      let last = 0;
      await waitFor(
        () => {
          const stands = counts.asked === last;
          last = counts.asked;
          return stands;
        },
        { what: "the stream waits for its reader", intervalMs: 300 },
      );
      // What the sockets of both ends hold, and not what was to tell: 64 MiB and more by then.
      expect(counts.asked).toBeLessThan(500);
      expect(counts.watching).toBe(1);
      socket.destroy();
      await waitFor(() => counts.watching === 0, { what: "nobody watches the source" });
    } finally {
      await http.stop();
    }
  });

  test("a source that fails ends the stream, and is not watched any more", async () => {
    const { source, counts } = endlessSource();
    const failing: StreamSource = {
      ...source,
      next: () => {
        throw new Error("a bug");
      },
    };
    await expect(streamOf(failing).text()).rejects.toThrow("a bug");
    expect(counts.watching).toBe(0);
  });

  test("an answer that nobody reads at all, as to HEAD, watches nothing", () => {
    const { source, counts } = endlessSource();
    streamOf(source);
    expect(counts).toEqual({ asked: 0, watching: 0 });
  });

  test("a wake is told at once, and what follows within the gap goes out together", async () => {
    let wake = () => {};
    let changes: string[] = [];
    const source: StreamSource = {
      next: () => changes.splice(0).map((data) => ({ event: "change", data })),
      watch: (given) => {
        wake = given;
        return () => {};
      },
    };
    const gapMs = 200;
    changes = ["hello"];
    const beganMs = performance.now();
    await using events = readEvents(streamOf(source, gapMs));
    expect((await events.next()).data).toBe("hello");
    for (const change of ["a", "b", "c"]) {
      changes.push(change);
      wake();
    }
    expect([(await events.next()).data, (await events.next()).data, (await events.next()).data]).toEqual([
      "a",
      "b",
      "c",
    ]);
    expect(performance.now() - beganMs).toBeGreaterThan(gapMs / 2);
    expect(changes).toEqual([]);
  });
});
