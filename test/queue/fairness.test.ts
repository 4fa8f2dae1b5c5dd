import { beforeAll, describe, expect, it } from "vitest";
import { fromUtf8, utf8 } from "../../src/lib/bytes.ts";
import { MemoryLog } from "../../src/shard/memory-log.ts";
import { ShardCore } from "../../src/shard/shard-core.ts";
import { testSettings } from "../support/fake-queue.ts";

/** Consumers that each work on one message at a time, and tenants that send at a steady pace. */
const CONSUMERS = 50;
const WORK_MS = 200;
const STEP_MS = 20;
const QUIET_TENANTS = 10;

interface Dwell {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
}

interface Day {
  readonly quiet: Dwell;
  readonly noisy: number;
}

/** A minute of a queue: ten tenants send five messages a second each; one may flood it with 10,000 in two seconds. */
function minute({ groups, flood, evict = false }: { groups: boolean; flood: boolean; evict?: boolean }): Day {
  const log = new MemoryLog();
  let core = new ShardCore(log);
  let nowMs = 1_700_000_000_000;
  let batches = 0;
  core.configure(testSettings(), nowMs);
  const send = (tenant: string, count: number) => {
    const batchId = `00000000-0000-4000-8000-${(256 * batches++).toString(16).padStart(12, "0")}`;
    const message = { sealed: utf8(`${tenant} ${nowMs}`), delayMs: 0, ...(groups && { groupId: tenant }) };
    core.execute({ kind: "send", batchId, messages: Array(count).fill(message) }, nowMs, 1);
  };
  const consumers = Array.from({ length: CONSUMERS }, () => ({ busyUntilMs: 0, position: 0 }));
  const waits: number[] = [];
  let noisy = 0;
  for (let step = 0; step < 60_000 / STEP_MS; step++) {
    nowMs += STEP_MS;
    if (step % 10 === 0) for (let i = 0; i < QUIET_TENANTS; i++) send(`quiet-${i}`, 1);
    if (flood && step >= 500 && step < 600) for (let i = 0; i < 10; i++) send("noisy", 10);
    for (const consumer of consumers) {
      if (consumer.busyUntilMs > nowMs) continue;
      if (consumer.position > 0) {
        core.execute({ kind: "delete", leases: [{ position: consumer.position, nonce: 1 }] }, nowMs, 1);
      }
      const { messages } = core.execute({ kind: "receive", max: 1, visibilityMs: 30_000 }, nowMs, 1);
      consumer.position = messages[0]?.position ?? 0;
      if (messages[0] === undefined) continue;
      consumer.busyUntilMs = nowMs + WORK_MS;
      const [tenant = "", sentAtMs = ""] = fromUtf8(messages[0].sealed).split(" ");
      if (tenant === "noisy") noisy++;
      else waits.push(nowMs - Number(sentAtMs));
    }
    core.commit(nowMs);
    if (core.overdue) core.housekeep(nowMs);
    if (evict && step % 250 === 249) core = new ShardCore(log);
  }
  return { quiet: dwellOf(waits), noisy };
}

function dwellOf(waits: number[]): Dwell {
  const sorted = waits.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
  return { count: sorted.length, p50: at(0.5), p99: at(0.99) };
}

describe("a flood by one tenant", () => {
  let calm: Day;
  let unfair: Day;
  let fair: Day;

  beforeAll(() => {
    calm = minute({ groups: true, flood: false });
    unfair = minute({ groups: false, flood: true });
    fair = minute({ groups: true, flood: true });
    const row = (name: string, { quiet, noisy }: Day) =>
      `${name.padEnd(24)} p50 ${quiet.p50} ms, p99 ${quiet.p99} ms, ${quiet.count} of the others, ${noisy} of the flood`;
    console.log(
      [row("no flood", calm), row("flood, without groups", unfair), row("flood, with groups", fair)].join(
        "\n",
      ),
    );
  });

  it("without groups makes the other tenants wait for seconds", () => {
    expect(unfair.quiet.p50).toBeGreaterThan(5_000);
  });

  it("with groups leaves the other tenants' waiting time near what it is without the flood", () => {
    expect(fair.quiet.count).toBe(calm.quiet.count);
    expect(fair.quiet.p50).toBeLessThanOrEqual(calm.quiet.p50 + WORK_MS);
    expect(fair.quiet.p99).toBeLessThanOrEqual(calm.quiet.p99 + WORK_MS);
  });

  it("loses nothing of the flood itself, and slows its total by nothing", () => {
    expect(fair.noisy).toBe(unfair.noisy);
  });

  it("is held back again soon after an eviction, which forgets who is noisy", () => {
    const evicted = minute({ groups: true, flood: true, evict: true });
    expect(evicted.quiet.count).toBe(calm.quiet.count);
    expect(evicted.quiet.p50).toBeLessThanOrEqual(calm.quiet.p50 + WORK_MS);
  });
});
