import { describe, expect, test } from "bun:test";
import {
  buildConnectionName,
  buildToolsConnectionName,
  parseConnectionName,
} from "../../../src/domain/wire/connection-name.ts";
import { ada } from "../../support/agents.ts";

describe("parseConnectionName()", () => {
  test("reads the agent and its run from the name of a host or bridge", () => {
    expect(parseConnectionName(buildConnectionName(ada, "r1"))).toEqual({ id: ada, instanceId: "r1" });
  });

  test("a bridge beside its host says nothing of whether the agent lives", () => {
    expect(parseConnectionName(buildToolsConnectionName(ada, "r1"))).toBeUndefined();
  });

  test.each([
    "",
    "cliai serve",
    "cliai bridge ada",
    "cliai bridge ada r1 more",
    "xcliai bridge ada r1",
    "cliai bridge ../x r1",
  ])("%j speaks for no agent", (name) => expect(parseConnectionName(name)).toBeUndefined());
});
