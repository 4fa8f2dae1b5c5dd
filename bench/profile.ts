import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { localSettings } from "../scripts/local-settings.ts";
import { startServer } from "../scripts/server.ts";
import { runScript, UserError } from "../scripts/user-error.ts";
import { drive, percentile } from "./closed-loop.ts";
import { type CpuProfile, freePort, type ProfileNode, profileWhile } from "./inspector.ts";
import { QueueClient } from "./queue-client.ts";
import { printTable } from "./table.ts";
import { builtWorker, localAccount } from "./targets.ts";
import { type Operation, prepareRequests, stepOf } from "./workload.ts";

/** Receives need somebody who sends: `life cycle` shows them. */
const operations: readonly Operation[] = ["send", "life cycle"];

/**
 * `node bench/profile.ts`: where the Worker and its objects spend their time under a load. Writes a
 * `.cpuprofile` that Chrome's developer tools open, and prints it by file and by function.
 */
await runScript(async () => {
  const { workload, connections, seconds, script, out } = readOptions(process.argv.slice(2));
  const dataDir = mkdtempSync(join(tmpdir(), "edge-sqs-profile-"));
  const inspectorPort = await freePort();
  const server = await startServer({
    host: "127.0.0.1",
    port: 0,
    dataDir,
    settings: localSettings({}).worker,
    script,
    inspectorPort,
  });
  const client = new QueueClient(localAccount(server.url));
  const step = stepOf(workload, prepareRequests(client, await client.createQueue("profile"), workload));
  const load = { step, endpoint: server.url, connections, warmUpMs: 0 };
  await drive({ ...load, durationMs: 2000 });
  const profile = await profileWhile(inspectorPort, async () => {
    const sample = await drive({ ...load, durationMs: seconds * 1000 });
    const p50Ms = percentile(sample.latenciesMs, 0.5);
    console.log(
      `${sample.perSecond.toFixed(0)} messages a second, p50 ${p50Ms.toFixed(2)} ms, while profiled`,
    );
  });
  await server.stop();
  rmSync(dataDir, { recursive: true, force: true });

  writeFileSync(out, JSON.stringify(profile));
  const placed = place(profile, sourceMapOf(script));
  report("By file; built-in functions count for the file that calls them", placed, ({ file }) => file);
  report("By function", placed, ({ name, file }) => `${name} ${file}`);
  console.log(`\nThe whole profile is in ${out}.`);
  process.exit(0);
});

function readOptions(args: string[]) {
  const { values } = parseArgs({
    args,
    options: {
      operation: { type: "string", default: "send" },
      batch: { type: "string", default: "1" },
      connections: { type: "string", default: "64" },
      seconds: { type: "string", default: "4" },
      worker: { type: "string", default: builtWorker },
      out: { type: "string", default: join(tmpdir(), "edge-sqs.cpuprofile") },
    },
  });
  const operation = operations.find((known) => known === values.operation);
  if (!operation) throw new UserError(`--operation must be one of: ${operations.join(", ")}.`);
  return {
    workload: { operation, batch: values.batch === "10" ? (10 as const) : (1 as const), bodyBytes: 200 },
    connections: Number(values.connections),
    seconds: Number(values.seconds),
    script: values.worker,
    out: values.out,
  };
}

/** Time spent in one place, in microseconds, without what it called. */
interface Place {
  readonly name: string;
  readonly file: string;
  readonly micros: number;
}

/** Where each sample was taken, in the files as they were before bundling. */
function place(profile: CpuProfile, map: SourceMap | undefined): Place[] {
  const parents = new Map<number, ProfileNode>();
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  for (const node of profile.nodes) for (const child of node.children ?? []) parents.set(child, node);

  const fileOf = (node: ProfileNode | undefined): string => {
    if (!node) return "(runtime)";
    const { url, lineNumber, columnNumber } = node.callFrame;
    if (url === "" || url.startsWith("node-internal:")) return fileOf(parents.get(node.id));
    const original = map?.findEntry(lineNumber, columnNumber);
    const source = original && "originalSource" in original ? original.originalSource : url;
    return source.replace(/^.*?(src|node_modules)\//, "$1/");
  };
  const micros = new Map<number, number>();
  for (const [i, id] of profile.samples.entries()) {
    micros.set(id, (micros.get(id) ?? 0) + (profile.timeDeltas[i] ?? 0));
  }
  return [...micros].flatMap(([id, spent]) => {
    const node = nodes.get(id);
    const name = node?.callFrame.functionName || "(anonymous)";
    return node ? [{ name, file: fileOf(node), micros: spent }] : [];
  });
}

function report(title: string, places: readonly Place[], by: (place: Place) => string): void {
  const sums = new Map<string, number>();
  for (const each of places) {
    // Names in brackets are V8's own: idle, garbage collector, and what is no JavaScript.
    const key = /^\((idle|program|garbage collector)\)$/.test(each.name) ? each.name : by(each);
    sums.set(key, (sums.get(key) ?? 0) + each.micros);
  }
  const total = places.reduce((sum, each) => sum + each.micros, 0);
  const rows = [...sums]
    .sort(([, a], [, b]) => b - a)
    .slice(0, 30)
    .map(([key, micros]) => [key, `${((micros / total) * 100).toFixed(1)} %`]);
  printTable(title, ["where", "time"], rows);
}

function sourceMapOf(script: string): SourceMap | undefined {
  const path = `${script}.map`;
  return existsSync(path) ? new SourceMap(JSON.parse(readFileSync(path, "utf8"))) : undefined;
}
