// Shows notices on the desktop of the machine on which serve runs, by the program that its system has for that.
import process from "node:process";
import type { Notices } from "../../domain/notices/notices-words.ts";
import { wordsOf } from "../../domain/notices/notices-words.ts";
import { findOnPath } from "../../nats/child/server-version.ts";
import type { Environment } from "../../runtime.ts";
import { runHook } from "../hooks/run-hook.ts";
import { NotTaken } from "./not-taken.ts";

export interface DesktopProgram {
  readonly program: string;
  /** How to install it. */
  readonly install: string;
  /** Its arguments, for which no text of a notice is a program: they reach no shell. */
  readonly argsFor: (words: { readonly title: string; readonly text: string }) => readonly string[];
}

/** AppleScript that takes the texts as arguments. */
const appleScript = [
  "on run argv",
  "display notification (item 2 of argv) with title (item 1 of argv)",
  "end run",
].flatMap((line) => ["-e", line]);

/** Reads the texts from standard input, because PowerShell makes one script of its arguments. */
const powerShellScript = [
  "$n = [Console]::In.ReadToEnd() | ConvertFrom-Json",
  "[Windows.UI.Notifications.ToastNotificationManager, Windows.UI.Notifications, ContentType = WindowsRuntime] | Out-Null",
  "$x = [Windows.UI.Notifications.ToastNotificationManager]::GetTemplateContent(2)",
  "$t = $x.GetElementsByTagName('text')",
  "$t.Item(0).AppendChild($x.CreateTextNode($n.title)) | Out-Null",
  "$t.Item(1).AppendChild($x.CreateTextNode($n.text)) | Out-Null",
  "$id = '{1AC14E77-02E7-4E5D-B744-2EB1AE5198B7}\\WindowsPowerShell\\v1.0\\powershell.exe'",
  "[Windows.UI.Notifications.ToastNotificationManager]::CreateToastNotifier($id).Show([Windows.UI.Notifications.ToastNotification]::new($x))",
].join("; ");

export function desktopProgramOf(platform: NodeJS.Platform): DesktopProgram {
  switch (platform) {
    case "darwin":
      return {
        program: "osascript",
        install: "it is part of macOS",
        argsFor: ({ title, text }) => [...appleScript, title, text],
      };
    case "win32":
      return {
        program: "powershell.exe",
        install: "it is part of Windows",
        argsFor: () => ["-NoProfile", "-NonInteractive", "-Command", powerShellScript],
      };
    default:
      return {
        program: "notify-send",
        install: "install libnotify, on Debian: apt install libnotify-bin",
        // The text may have markup, the title may not (Desktop Notifications Specification 1.3).
        argsFor: ({ title, text }) => [
          ...["--app-name=cliai", "--", title],
          text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;"),
        ],
      };
  }
}

export interface DesktopPlace {
  readonly dataDir: string;
  readonly env: Environment;
  readonly timeoutS: number;
  readonly signal: AbortSignal;
  /** Default: that of this machine. */
  readonly platform?: NodeJS.Platform;
}

/** @throws NotTaken if the program is missing, or fails */
export async function tellDesktop(notices: Notices, place: DesktopPlace): Promise<void> {
  const { dataDir, env, timeoutS, signal, platform = process.platform } = place;
  const { program, install, argsFor } = desktopProgramOf(platform);
  const found = await findOnPath(program, env.PATH ?? "");
  if (found === undefined) throw new NotTaken(`${program} is not on the PATH of serve: ${install}`);
  const { title, text } = wordsOf(notices);
  const hook = { command: [found, ...argsFor({ title, text })], timeout_s: timeoutS };
  try {
    await runHook(hook, { title, text }, { cwd: dataDir, env, signal });
  } catch (error) {
    throw new NotTaken(`${program}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
