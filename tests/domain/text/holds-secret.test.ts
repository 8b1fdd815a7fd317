// Which arguments of a program are not written to a file.
import { expect, test } from "bun:test";
import { holdsSecret } from "../../../src/domain/text/holds-secret.ts";

test.each([
  "--api-key",
  "--api-key=abc",
  "--apiKey",
  "--authToken=abc",
  "-token",
  "--token",
  "--secret-file=/x",
  "GITHUB_TOKEN=abc",
  "MY_API_KEY: abc",
  '{"env":{"MY_API_KEY":"abc"}}',
  '{"token": "abc"}',
  '{"authToken":"abc"}',
  "Authorization: Bearer abc",
  `sk-ant-${"a1B2".repeat(5)}`,
  "https://ada:secret@example.com/",
  "--pass",
  "--pat=abc",
  "PGPASSWORD=abc",
  "MYSQL_PWD=abc",
  'mcp_servers.hub.env={PAT="abc"}',
  "Cookie: session=abc",
  `ghp_${"a1B2".repeat(9)}`,
])("holdsSecret() holds %j for one", (argument) => {
  expect(holdsSecret(argument)).toBe(true);
});

test.each([
  "--permission-mode",
  "plan",
  "--max-output-tokens=100",
  "--keybindings",
  "--settings",
  '{"apiKeyHelper":"/usr/bin/helper"}',
  "monkey=1",
  "--path=/tmp",
  "--bypass",
  "Bash(git:*)",
  "never print a token or a key",
])("holdsSecret() lets %j be", (argument) => {
  expect(holdsSecret(argument)).toBe(false);
});
