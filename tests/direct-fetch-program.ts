// A program whose environment names a proxy: asks the addresses it is given by directFetch(), and prints what each answers.
import process from "node:process";
import { directFetch, quickFetch } from "../src/direct-fetch.ts";

const [plain = "", tls = ""] = process.argv.slice(2);
const posted = await directFetch(`${plain}/echo`, {
  method: "POST",
  headers: { authorization: "Bearer t", "content-type": "application/json" },
  body: '{"text":"Zoë"}',
});
const secure = await directFetch(`${tls}/secure`, { checksCertificate: false });
const refused = await directFetch(`${tls}/secure`).then(
  () => "its certificate was taken",
  () => "its certificate was refused",
);
const empty = await directFetch(`${plain}/empty`);
const ending = new AbortController();
const stream = await directFetch(`${plain}/stream`, { signal: ending.signal });
const parts: string[] = [];
try {
  for await (const part of stream.body ?? []) {
    parts.push(new TextDecoder().decode(part));
    ending.abort();
  }
} catch {
  parts.push("aborted");
}
const dead = await directFetch("http://127.0.0.1:1/").then(
  () => "answers",
  () => "nobody is there",
);
const quick = await quickFetch(`${plain}/echo`, { method: "POST", body: "quick" }, process.env);
const answers = [
  [posted.status, posted.headers.get("x-said"), await posted.text()],
  [secure.status, await secure.text(), refused],
  [empty.status, await empty.text()],
  parts,
  dead,
  [quick.status, await quick.text()],
];
process.stdout.write(`${JSON.stringify(answers)}\n`);
