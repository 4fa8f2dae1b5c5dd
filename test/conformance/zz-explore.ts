import { ShardCore } from "../../src/shard/shard-core.ts";
import { fifoHistoryFrom } from "./fifo-histories.ts";
import { shrunk } from "./histories.ts";
import { runFifoHistory } from "./fifo-run.ts";
import { Divergence, type Recover } from "./shard-run.ts";
const recover: Recover = (log, { limits }) => new ShardCore(log, limits);
const [from, to, sweep, show = "1"] = process.argv.slice(2);
const options = { sweep: sweep === "s" };
const diverge = (h: any, o: any = options) => { try { runFifoHistory(h, recover, o); } catch (e) { if (e instanceof Divergence) return e; throw e; } return undefined; };
const kinds = new Map<string, number[]>();
const t = Date.now();
for (let seed = Number(from); seed < Number(to); seed++) {
  const d = diverge(fifoHistoryFrom(seed));
  if (!d) continue;
  const kind = d.message.split("\n")[0]!.replace(/\d+/g, "N").slice(0, 90);
  kinds.set(kind, [...(kinds.get(kind) ?? []), seed]);
}
if (process.env["S"]) process.exitCode = 0; console.log(Date.now() - t, "ms");
for (const [kind, seeds] of [...kinds].sort((a, b) => b[1].length - a[1].length).slice(0, 20)) {
  console.log(seeds.length, kind, seeds.slice(0, 6).join());
}
let shown = 0;
for (const [kind, seeds] of kinds) {
  if (shown++ >= Number(show)) break;
  const same = (d: any) => d !== undefined && d.message.split("\n")[0].replace(/\d+/g, "N").slice(0, 40) === kind.slice(0, 40);
  let best: any;
  for (const seed of seeds.slice(0, 10)) {
    const s = shrunk(fifoHistoryFrom(seed), (h) => same(diverge(h)));
    if (!best || s.steps.length < best.steps.length) best = s;
  }
  const lines: string[] = [];
  const d = diverge(best, { ...options, trace: (l: string) => lines.push(l.slice(0, 900)) });
  console.log("=====", kind, "seed", best.seed, JSON.stringify({ ...best, steps: undefined }));
  console.log(lines.slice(-Number(process.env["L"] ?? 30)).join("\n"));
  console.log(d?.message.slice(0, 3000));
}
