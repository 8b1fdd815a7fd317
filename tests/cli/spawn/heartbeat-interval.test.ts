import { describe, expect, test } from "bun:test";
import { readHeartbeatInterval } from "../../../src/cli/spawn/heartbeat-interval.ts";

describe("readHeartbeatInterval()", () => {
  test.each([
    [{}, undefined, 15],
    [{ CLIAI_HEARTBEAT: "" }, undefined, 15],
    [{ CLIAI_HEARTBEAT: "2.5" }, undefined, 2.5],
    [{ CLIAI_HEARTBEAT: "2.5" }, "0.1", 0.1],
    [{ CLIAI_HEARTBEAT: "nonsense" }, "3600", 3_600],
  ])("of the environment %j and the flag %p is %d s", (env, flag, seconds) => {
    expect(readHeartbeatInterval(env, flag)).toBe(seconds);
  });

  test.each([
    [{}, "0", '--heartbeat "0" is not'],
    [{}, "", '--heartbeat "" is not'],
    [{}, "3601", '--heartbeat "3601" is not'],
    [{ CLIAI_HEARTBEAT: "soon" }, undefined, 'CLIAI_HEARTBEAT "soon" is not'],
  ])("of the environment %j and the flag %p is an error that names it", (env, flag, message) => {
    expect(() => readHeartbeatInterval(env, flag)).toThrow(
      expect.objectContaining({
        ...{ code: "config_invalid", hint: "leave it out for the default of 15 s" },
        message: `${message} a number of seconds from 0.1 to 3600`,
      }),
    );
  });
});
