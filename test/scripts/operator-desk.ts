import { readdirSync } from "node:fs";
import { type MockInstance, vi } from "vitest";
import { runOn } from "../../scripts/operator-database.ts";
import { UserError } from "../../scripts/user-error.ts";
import { migrationsDir } from "../../scripts/worker-config.ts";
import { sqliteD1 } from "../support/sqlite-d1.ts";

/** What one command of an operator ended with, as a process would. */
export interface Answer {
  readonly code: 0 | 1;
  readonly stdout: string;
  readonly stderr: string;
}

type Command = (args: readonly string[], database: () => ReturnType<typeof runOn>) => Promise<void>;

/** A database with all migrations, and commands of an operator that run on it one after another. */
export function operatorDesk(): { run(command: Command, ...args: readonly string[]): Promise<Answer> } {
  const database = runOn(sqliteD1(...readdirSync(migrationsDir).sort()));
  return {
    async run(command, ...args) {
      const stdout = listenTo("log");
      const stderr = listenTo("error");
      try {
        await command(args, () => database);
        return { code: 0, stdout: stdout.text(), stderr: stderr.text() };
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        return { code: 1, stdout: stdout.text(), stderr: `${stderr.text()}${error.message}\n` };
      } finally {
        stdout.spy.mockRestore();
        stderr.spy.mockRestore();
      }
    },
  };
}

function listenTo(method: "log" | "error"): { spy: MockInstance; text(): string } {
  const lines: string[] = [];
  const spy = vi.spyOn(console, method).mockImplementation((line: string) => void lines.push(`${line}\n`));
  return { spy, text: () => lines.join("") };
}
