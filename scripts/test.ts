import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runNode } from "./child.ts";
import { root } from "./local-settings.ts";
import { countTests, type VitestReport } from "./test-count.ts";
import { runScript } from "./user-error.ts";
import { quietEnvironment } from "./wrangler.ts";

/** `npm test`: runs vitest, with its arguments after `--`, and ends with one line that scripts can read. */
await runScript(async () => {
  const args = process.argv.slice(2);
  const dir = mkdtempSync(join(tmpdir(), "edge-sqs-test-"));
  const reportPath = join(dir, "report.json");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${reportPath}`];
  // The whole crash test takes minutes: `npm run test:crash`.
  const short = args.length === 0 ? { CRASH_ROUNDS: process.env["CRASH_ROUNDS"] ?? "2" } : {};
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  const { code } = await runNode([vitest, "run", ...reporters, ...args], {
    env: { ...quietEnvironment, ...short },
  });
  const report = readReport(reportPath);
  rmSync(dir, { recursive: true, force: true });

  const { passed, failed } = countTests(report, code);
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed > 0 || passed === 0 ? code || 1 : 0);
});

function readReport(path: string): VitestReport | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as VitestReport;
  } catch {
    return undefined;
  }
}
