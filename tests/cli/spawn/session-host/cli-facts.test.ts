// What `cliai spawn` says of the user's own settings.
import { expect, test } from "bun:test";
import { warningsOf } from "../../../../src/cli/spawn/session-host/cli-facts.ts";

const settings = {
  noProxy: "",
  httpHooksOff: "user sets allowedHttpHookUrls",
  telemetryElsewhere: "user sets OTEL_EXPORTER_OTLP_ENDPOINT",
};

test("warningsOf() says what the settings keep from cliai; telemetry counts only on a terminal", () => {
  expect(warningsOf({ noProxy: "" }, false)).toEqual([]);
  expect(warningsOf(settings, false)).toEqual([
    "hooks are commands and not HTTP requests, because user sets allowedHttpHookUrls: each tool call starts one more process",
    "user sets OTEL_EXPORTER_OTLP_ENDPOINT, so cliai does not get its telemetry: its usage is not known, and a tool that you allow at its terminal is shown as waiting until the tool has ended",
  ]);
  expect(warningsOf(settings, true)).toHaveLength(1);
});
