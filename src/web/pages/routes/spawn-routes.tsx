/** @jsxImportSource hono/jsx */
// The page that launches an agent, and its form.
import type { Context, Hono } from "hono";
import { CliaiError } from "../../../domain/text/errors.ts";
import { signedBy } from "../../access/caller.ts";
import { describeError, type HttpError, wantsJson } from "../../api/http-errors.ts";
import { requireReady } from "../../api/orders.ts";
import { readForm } from "../../api/read-form.ts";
import { type LaunchableProfile, requireSpawner, type Spawner, spawnFromForm } from "../../api/spawner.ts";
import { type PagesOptions, showPage, streamOf } from "../show-page.tsx";
import { SpawnPage } from "../spawn-page.tsx";

/** The profiles of at most this many projects are read for one page, because each project is one more file to read. */
const mostProjects = 20;

/** The profiles of the given project, or of the server's directory if none is given. After them, the profiles that only other known projects have. */
async function profilesFor(
  spawner: Spawner,
  project: string | undefined,
  projects: readonly string[],
): Promise<LaunchableProfile[]> {
  const found = new Map((await spawner.profiles(project)).map((profile) => [profile.name, profile]));
  for (const each of projects) {
    for (const profile of await spawner.profiles(each)) {
      if (found.has(profile.name)) continue;
      const description = [profile.description, `(only in ${each})`].filter(Boolean).join(" ");
      found.set(profile.name, { ...profile, description });
    }
  }
  return [...found.values()];
}

export function registerSpawnRoutes(pages: Hono, options: PagesOptions): void {
  const { server, spawner, log } = options;
  const { fleet } = server;

  const showSpawn = async (c: Context, values: Readonly<Record<string, unknown>>, error?: HttpError) => {
    const projects = new Set(
      fleet
        .list()
        .flatMap(({ project_path = "" }) => (project_path.match(/^[/\\]|^\w:/) ? [project_path] : [])),
    );
    const { project } = values;
    const named = typeof project === "string" && project !== "" ? project : undefined;
    const launcher = requireSpawner(spawner);
    const profiles = await profilesFor(launcher, named, [...projects].slice(0, mostProjects));
    const page = {
      profiles,
      nodes: await launcher.nodes(),
      projects: [...projects],
      values,
      ...(error === undefined ? {} : { error }),
    };
    if (error !== undefined) c.status(error.status);
    return showPage(c, options, {
      title: "Spawn an agent",
      stream: streamOf(server, "other"),
      body: <SpawnPage {...page} />,
    });
  };
  pages.get("/spawn", (c) => showSpawn(c, c.req.query()));
  pages.post("/spawn", async (c) => {
    const form = await readForm(c);
    try {
      const order = spawnFromForm(form);
      requireReady(server);
      const from = signedBy(c, "page");
      const { agent_id, starting } = await requireSpawner(spawner).spawn({ ...order, from });
      // An agent that is slow to start has no page yet.
      return c.redirect(starting === true ? "/" : `/agents/${agent_id}`, 303);
    } catch (error) {
      if (!(error instanceof CliaiError) || wantsJson(c)) throw error;
      // Show the form again with what was typed, instead of an error page.
      return await showSpawn(c, form, describeError(error, log));
    }
  });
}
