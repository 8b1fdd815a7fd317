import { expect, test } from "bun:test";
import { createSteps } from "../../../src/agents/opencode/opencode-steps.ts";

const [first, second] = [
  { id: "msg_1", text: "work" },
  { id: "msg_3", text: "more" },
];

test("a step gives the model the messages up to its parent, each once", () => {
  const steps = createSteps();
  for (const message of [first, second]) steps.noteUser(message);
  steps.noteStep("step-1", first.id);
  steps.noteStep("step-2", second.id);
  steps.noteStep("step-3", second.id);
  expect(steps.begun("step-1")).toEqual([first]);
  expect(steps.waiting()).toEqual([second]);
  expect(steps.begun("step-2")).toEqual([second]);
  expect(steps.begun("step-3")).toEqual([]);
});

test("a step after a message of OpenCode's own has those before it, and none that came later", () => {
  const steps = createSteps();
  steps.noteUser(first);
  steps.noteMessage("msg_2");
  steps.noteUser(second);
  steps.noteStep("step-1", "msg_2");
  expect(steps.begun("step-1")).toEqual([first]);
  expect(steps.waiting()).toEqual([second]);
});

test("a step whose parent is not known shows nothing", () => {
  const steps = createSteps();
  steps.noteUser(first);
  steps.noteStep("step-1", "msg_0");
  expect([steps.begun("step-1"), steps.begun("step-0")]).toEqual([[], []]);
  expect(steps.waiting()).toEqual([first]);
});
