// This room is the dashboard and the HTTP API. It opens no socket.
//
// The dashboard and the HTTP API as one function from request to response. src/runtime.ts opens the socket.

import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { CliAbilities } from "../domain/abilities.ts";
import { CliaiError } from "../domain/text/errors.ts";
import { isLoopback } from "../domain/wire/own-address.ts";
import type { Logger } from "../log.ts";
import type { SearchDesk } from "../search/search.ts";
import type { Server } from "../server/server.ts";
import { type AccessOptions, type ConnectionInfo, createAccess, isOpenPath } from "./access/access.ts";
import type { AnswerLinkDesk } from "./access/answer-links.ts";
import { setOperator } from "./access/caller.ts";
import {
  codesUnsaid,
  createGuard,
  type HostRule,
  neverCached,
  ownStyles,
  pageHeaders,
} from "./access/guard.ts";
import { createApi } from "./api/api.ts";
import type { CommandRunner } from "./api/command-lines.ts";
import { methodsAt } from "./api/described/wrong-method.ts";
import { describeError, type HttpError, notFound, wrongMethod } from "./api/http-errors.ts";
import type { AwayAgents } from "./api/need-acts.ts";
import type { ChangesDesk } from "./api/reports/changes-report.ts";
import type { CliFinder } from "./api/reports/clis-report.ts";
import type { Doctor, ListNodes } from "./api/reports/system-report.ts";
import type { Spawner } from "./api/spawner.ts";
import { createAssets } from "./assets.ts";
import type { AgentDesk } from "./mcp/agent-desk.ts";
import { createMcp, isMcpPath, mcpMethod } from "./mcp/mcp-routes.ts";
import type { GatherMetrics } from "./metrics/metrics.ts";
import type { PushDesk } from "./pages/device/push-desk.ts";
import type { NoteInFront } from "./pages/in-front.ts";
import { createMadePages } from "./pages/made-pages.ts";
import { createPages } from "./pages/pages.ts";
import { pageSource } from "./pages/routes/event-routes.ts";
import { showBareError, showError } from "./pages/show-page.tsx";

/** The largest request body: as much as a NATS message can hold. */
export const maxBodyBytes = 8 * 1024 * 1024;

export interface AppOptions {
  readonly server: Server;
  /** The address at which agents connect. The page of an empty fleet shows it. */
  readonly natsUrl: string;
  /** The command that launches a first agent. The page of an empty fleet shows it. */
  readonly spawnCommand: string;
  /** The agent CLIs that cliai knows, for what it can do with an agent's session. */
  readonly clis: readonly CliAbilities[];
  /** Launches agents; undefined if this server launches none. */
  readonly spawner?: Spawner | undefined;
  /** Starts ended agents again, and removes them; undefined if this server does neither. */
  readonly away?: AwayAgents | undefined;
  readonly search: SearchDesk;
  /** Reads what agents have changed; undefined if this server does not. */
  readonly changes?: ChangesDesk | undefined;
  /** Speaks for the agents that use their tools over HTTP; undefined if this server has none for them. */
  readonly agentDesk?: AgentDesk | undefined;
  /** Runs the checks of `cliai doctor`; undefined if this server runs none. */
  readonly doctor?: Doctor | undefined;
  /** Lists the machines that have joined; undefined if none can. */
  readonly listNodes?: ListNodes | undefined;
  /** Has push messages sent to browsers; undefined if this server sends none. */
  readonly push?: PushDesk | undefined;
  /** Answers by the links of notices; undefined if this server has none. */
  readonly answerLinks?: AnswerLinkDesk | undefined;
  /** Is told of pages in front of a person; undefined if nobody asks for that. */
  readonly noteInFront?: NoteInFront | undefined;
  /** Finds agent CLIs; undefined if this server does not. */
  readonly cliFinder?: CliFinder | undefined;
  /** Runs commands of the terminal for `cliai` on this machine; undefined if this server runs none. */
  readonly commandRunner?: CommandRunner | undefined;
  /** Decides who is let in; undefined lets everybody in who reaches the socket (`serve --insecure`). */
  readonly access: AccessOptions | undefined;
  /** The host names that the server answers to; default: those of loopback. */
  readonly isOwnHost?: HostRule;
  /** What the person is called who has the operator's own token. Orders and answers are signed with it. */
  readonly operator: string;
  /** Gathers what `GET /metrics` tells; made here if left out. */
  readonly metrics?: GatherMetrics | undefined;
  readonly now: () => Date;
  readonly log: Logger;
}

interface AppEnv {
  Bindings: ConnectionInfo;
  /** Whether the request was let in. If not, an error page must tell nothing about the fleet. */
  Variables: { isLetIn?: true };
}

export function createApp(options: AppOptions): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.use(async (c, next) => {
    setOperator(c, options.operator);
    await next();
  });
  app.use(ownStyles);
  app.use(codesUnsaid);
  app.use(pageHeaders);
  app.use(neverCached);
  app.use(createGuard(options.isOwnHost ?? isLoopback));
  if (options.access !== undefined) {
    const { check, login } = createAccess(options.access);
    app.use(check);
    app.route("/", login);
  }
  app.use(async (c, next) => {
    if (options.access === undefined || !isOpenPath(c.req.path)) c.set("isLetIn", true);
    await next();
  });
  app.use(
    bodyLimit({
      maxSize: maxBodyBytes,
      onError: () => {
        throw new CliaiError("payload_too_large", "the body is over the limit of 8 MB", {
          hint: "write the text to a file that the agent can read, and send its path",
        });
      },
    }),
  );
  const pages = { ...options, made: createMadePages() };
  app.route("/", createApi({ ...options, pageOf: (c) => pageSource(c, pages) }));
  app.route("/", createMcp({ ...options, maxBodyBytes }));
  app.route("/", createAssets());
  app.route("/", createPages(pages));
  const show = (c: Context<AppEnv>, error: HttpError) =>
    c.get("isLetIn") === true ? showError(c, error, options) : showBareError(c, error);
  app.notFound((c) => {
    const { method, path } = c.req;
    if (isMcpPath(path)) {
      c.header("Allow", mcpMethod);
      return show(c, wrongMethod(method, path, [mcpMethod], "an MCP client sends that: docs/mcp.md"));
    }
    const allowed = methodsAt(path);
    if (allowed.length === 0) return show(c, notFound(path));
    c.header("Allow", allowed.join(", "));
    return show(c, wrongMethod(method, path, allowed));
  });
  app.onError((error, c) => show(c, describeError(error, options.log)));
  return app;
}
