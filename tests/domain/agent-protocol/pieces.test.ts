import { describe, expect, test } from "bun:test";
import { serviceError, serviceErrorOf } from "../../../src/domain/agent-protocol/pieces.ts";
import { CliaiError } from "../../../src/domain/text/errors.ts";

describe("serviceErrorOf()", () => {
  test("tells an error that is written for people, in one line, and no other", () => {
    expect(serviceErrorOf(new CliaiError("message_invalid", "bad\nprompt"))).toEqual({
      code: 400,
      text: "bad | prompt",
    });
    expect(serviceErrorOf(new CliaiError("refused", "ada was stopped")).code).toBe(409);
    expect(serviceErrorOf(new Error("/home/kim/secret"))).toEqual({
      code: 500,
      text: "the prompt could not be carried out",
    });
    const unwritable = new CliaiError("data_dir_unwritable", "cannot write /home/kim/.cliai/agents/ada: EIO");
    expect(serviceErrorOf(unwritable)).toEqual({
      code: 500,
      text: "the attachments cannot be stored; see the log of cliai serve",
    });
    expect(serviceError(500, "x".repeat(500)).text).toHaveLength(200);
  });
});
