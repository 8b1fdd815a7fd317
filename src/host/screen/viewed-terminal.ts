// What the host needs of a terminal that people may watch from elsewhere. `src/agents/terminal` has it.
import type { ScreenPicture } from "../../domain/screen/picture.ts";

export interface ViewedTerminal {
  onChange(listener: () => void): () => void;
  read(): Promise<ScreenPicture>;
  type(keys: string): void;
  hasWindow(): boolean;
  resize(columns: number, rows: number): void;
}
