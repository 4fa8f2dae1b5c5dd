import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { root } from "../../scripts/local-settings.ts";

/** One line of source in one file, and whether `npm run check` takes it. */
type Case = readonly [file: string, line: string];

const refused: Case[] = [
  ["lib/a.ts", 'export { limits } from "../queue/limits.ts";'],
  ["queue/a.ts", 'export type { X } from "../shapes/shape.ts";'],
  ["queue/b.ts", 'export { QueueShard } from "../shard/queue-shard.ts";'],
  ["queue/c.ts", "export const nowMs = Date.now();"],
  ["queue/d.ts", "export const now = new Date();"],
  ["queue/e.ts", "export const nonce = Math.random();"],
  ["queue/f.ts", "export const id = crypto.randomUUID();"],
  ["queue/g.ts", "export const start = performance.now();"],
  ["queue/h.ts", 'export { randomBytes } from "node:crypto";'],
  ["queue/i.ts", 'export { DurableObject } from "cloudflare:workers";'],
  ["encryption/a.ts", 'export { x } from "../catalog/catalog.ts";'],
  ["metrics/a.ts", 'export { x } from "../shard/client.ts";'],
  ["shard/a.ts", 'export { x } from "../catalog/catalog.ts";'],
  ["shard/b.ts", 'export { x } from "../app.ts";'],
  ["catalog/a.ts", 'export type { Caller } from "../auth/caller.ts";'],
  ["auth/a.ts", 'export { x } from "../services/action.ts";'],
  ["auth/b.ts", 'export { env } from "cloudflare:workers";'],
  ["shapes/a.ts", 'export { x } from "../queue/errors.ts";'],
  ["protocols/a.ts", 'export { x } from "../services/action.ts";'],
  ["protocols/b.ts", 'export { x } from "../queue/engine.ts";'],
  ["services/a.ts", 'export { x } from "../app.ts";'],
  ["services/sqs/a.ts", 'export { x } from "../../app.ts";'],
  ["services/sqs/b.ts", 'export { x } from "../../protocols/detect.ts";'],
  ["services/sqs/c.ts", 'export { x } from "../../env.ts";'],
  ["services/sqs/d.ts", 'export { env } from "cloudflare:workers";'],
];

const accepted: Case[] = [
  ["lib/ok.ts", 'export { x } from "./result.ts";'],
  ["queue/ok1.ts", 'export { x } from "../lib/result.ts";'],
  ["queue/ok2.ts", 'export { createHash } from "node:crypto";'],
  ["queue/ok3.ts", "export const bigger = Math.max(1, 2);"],
  ["encryption/ok.ts", 'export { x } from "../queue/errors.ts";'],
  ["shard/ok1.ts", 'export { DurableObject } from "cloudflare:workers";'],
  ["shard/ok2.ts", 'export { x } from "../queue/engine.ts";'],
  ["shard/ok3.ts", "export const nowMs = Date.now();"],
  ["auth/ok.ts", 'export type { X } from "../catalog/catalog.ts";'],
  ["protocols/ok1.ts", 'export { x } from "../queue/errors.ts";'],
  ["protocols/ok2.ts", 'export { x } from "../shapes/shape.ts";'],
  ["services/ok.ts", 'export { x } from "../shard/client.ts";'],
  ["services/sqs/ok1.ts", 'export { x } from "../action.ts";'],
  ["services/sqs/ok2.ts", 'export { x } from "../../catalog/catalog.ts";'],
  ["app.ts", 'export { x } from "./services/action.ts";'],
];

let dir: string;
let violations: Set<string>;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "edge-sqs-arrows-"));
  for (const file of ["biome.json", "scripts/no-math-random.grit"]) cpSync(join(root, file), join(dir, file));
  for (const [file, line] of [...refused, ...accepted]) {
    const path = join(dir, "src", file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${line}\n`);
  }
  violations = lint(dir);
});

afterAll(() => rmSync(dir, { recursive: true, force: true }));

it.each(refused)("the check refuses in src/%s: %s", (file) => {
  expect(violations).toContain(`src/${file}`);
});

it.each(accepted)("the check accepts in src/%s: %s", (file) => {
  expect(violations).not.toContain(`src/${file}`);
});

/** The files that Biome, as `npm run check` runs it, finds an error in. */
function lint(cwd: string): Set<string> {
  const biome = join(root, "node_modules/@biomejs/biome/bin/biome");
  const args = [
    biome,
    "lint",
    "--diagnostic-level=error",
    "--max-diagnostics=none",
    "--reporter=github",
    "src",
  ];
  const found = new Set<string>();
  try {
    execFileSync(process.execPath, args, { cwd, encoding: "utf8", stdio: "pipe" });
  } catch (error) {
    const { stdout } = error as { stdout: string };
    for (const match of stdout.matchAll(/file=[^,]*\/(src\/[^,]+),/g)) if (match[1]) found.add(match[1]);
  }
  return found;
}
