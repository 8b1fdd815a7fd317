import { expect, test } from "bun:test";
import { methodsAt } from "../../../../src/web/api/described/wrong-method.ts";

test.each([
  ["/api/agents", ["GET", "HEAD", "POST"]],
  ["/api/agents/ada", ["GET", "HEAD"]],
  ["/api/agents/ada/commands", ["POST"]],
  ["/api/usage.csv", ["GET", "HEAD"]],
  ["/api/usage-csv", []],
  ["/api/agents/ada/nothing", []],
  ["/api/agents/", []],
  ["/", []],
])("methodsAt(%j) is %j", (path, methods) => {
  expect(methodsAt(path)).toEqual(methods as string[]);
});
