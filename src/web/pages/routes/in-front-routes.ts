// Where a page tells that a person has it in front of them, and that it went.
import type { Hono } from "hono";
import * as v from "valibot";
import { inFrontPath } from "../../../domain/access/token-scopes.ts";
import { checkMessage } from "../../../domain/wire/decode.ts";
import { readForm } from "../../api/read-form.ts";
import type { PagesOptions } from "../show-page.tsx";

const FormSchema = v.object({
  page: v.pipe(v.string(), v.regex(/^[a-z0-9-]{1,64}$/, "page must be an id")),
  used: v.picklist(["true", "false"], "used must be true or false"),
});

export function registerInFrontRoutes(pages: Hono, { noteInFront }: Pick<PagesOptions, "noteInFront">): void {
  if (noteInFront === undefined) return;
  pages.post(inFrontPath, async (c) => {
    const { page, used } = checkMessage(FormSchema, await readForm(c));
    await noteInFront(page, used === "true");
    return c.body(null, 204);
  });
}
