// The completion script of each shell. The scripts for bash 5.2, zsh 5.9 and fish 3.6 were tried. The script for PowerShell was never run:
// tree-sitter-pwsh 0.38.1 parses it, and it takes the arguments that PowerShell's source names.
// A script runs `cliai complete -- WORDS`, with each word as its own argument, and reads lines `value<TAB>description`. @bomb.sh/tab 0.0.22
// is not used, because its bash script evaluates what is typed, so Tab after `"$(…` runs a command.
import bash from "../../../configs/completion/bash.txt" with { type: "text" };
import fish from "../../../configs/completion/fish.txt" with { type: "text" };
import powershell from "../../../configs/completion/powershell.txt" with { type: "text" };
import zsh from "../../../configs/completion/zsh.txt" with { type: "text" };

export const shells = ["bash", "zsh", "fish", "powershell"] as const;
export type Shell = (typeof shells)[number];

export interface CompletionScript {
  readonly script: string;
  /** How to install the script, printed on stderr. */
  readonly use: string;
}

export const completionScripts: Readonly<Record<Shell, CompletionScript>> = {
  bash: { script: bash, use: "for each new shell, in ~/.bashrc: source <(cliai completion bash)" },
  zsh: { script: zsh, use: "for each new shell, in ~/.zshrc after compinit: source <(cliai completion zsh)" },
  fish: {
    script: fish,
    use: "for each new shell: cliai completion fish > ~/.config/fish/completions/cliai.fish",
  },
  powershell: {
    script: powershell,
    use: "for each new shell, in $PROFILE: cliai completion powershell | Out-String | Invoke-Expression",
  },
};
