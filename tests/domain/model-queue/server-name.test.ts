import { expect, test } from "bun:test";
import { modelServerName } from "../../../src/domain/model-queue/server-name.ts";

test.each([
  ["http://127.0.0.1:8080", "mybox:8080"],
  ["http://localhost:8080/v1/", "mybox:8080"],
  ["http://[::1]:8080", "mybox:8080"],
  ["http://0.0.0.0:8080", "mybox:8080"],
  ["http://MyBox:8080", "mybox:8080"],
  ["http://gpu", "gpu:80"],
  ["https://gpu/v1", "gpu:443"],
  ["http://gpu:9000/team/v1", "gpu:9000/team"],
])("modelServerName(%p) is %p for every agent that uses it", (url, name) => {
  expect(modelServerName(url, "MyBox")).toBe(name);
});
