import { describe, expect, test } from "vitest";
import { CommitLoop, type CommitShell } from "../../src/shard/commit-loop.ts";
import { HandClock } from "../support/hand-clock.ts";

describe("an idle shard", () => {
  test("commits at once, and has nothing to wait for", () => {
    const shard = new FakeShard({ spacingMs: 4, durabilityMs: 8 });
    expect(shard.call("a")).toBeUndefined();
    expect(shard.commits).toEqual([{ atMs: 0, calls: ["a"] }]);
  });

  test("commits at once again as soon as the last commit has ended", async () => {
    const shard = new FakeShard({ spacingMs: 20, durabilityMs: 8 });
    shard.call("a");
    await shard.clock.runUntil(8);
    expect(shard.call("b")).toBeUndefined();
    expect(shard.commits).toEqual([
      { atMs: 0, calls: ["a"] },
      { atMs: 8, calls: ["b"] },
    ]);
  });

  test("answers a call that wrote nothing without a commit", () => {
    const shard = new FakeShard({ spacingMs: 4, durabilityMs: 8 });
    expect(shard.read()).toBeUndefined();
    expect(shard.commits).toEqual([]);
  });
});

describe("a shard with a commit under way", () => {
  test("starts the next commit when the spacing is over, and does not wait for the last to end", async () => {
    const shard = new FakeShard({ spacingMs: 4, durabilityMs: 1000 });
    shard.call("a");
    await shard.clock.runUntil(1);
    shard.call("b");
    shard.call("c");
    await shard.clock.runUntil(3);
    expect(shard.commits).toHaveLength(1);
    await shard.clock.runUntil(4);
    shard.call("d");
    await shard.clock.runUntil(20);
    expect(shard.commits).toEqual([
      { atMs: 0, calls: ["a"] },
      { atMs: 4, calls: ["b", "c"] },
      { atMs: 8, calls: ["d"] },
    ]);
    expect(shard.underWay).toBe(3);
  });

  test("commits at once when the last commit started longer ago than the spacing", async () => {
    const shard = new FakeShard({ spacingMs: 4, durabilityMs: 1000 });
    shard.call("a");
    await shard.clock.runUntil(3);
    expect(shard.call("b")).toBeDefined();
    await shard.clock.runUntil(8);
    expect(shard.call("c")).toBeUndefined();
    expect(shard.commits.map(({ atMs }) => atMs)).toEqual([0, 4, 8]);
  });

  test("answers whoever has an effect in a record after that record, and not before", async () => {
    const shard = new FakeShard({ spacingMs: 4, durabilityMs: 8 });
    shard.call("a");
    const answered: string[] = [];
    const answers = async (name: string) => {
      await shard.call(name);
      answered.push(`${name} after ${shard.commits.length} commits`);
    };
    await shard.clock.runUntil(1);
    void answers("b");
    await shard.clock.runUntil(3);
    void answers("c");
    await shard.clock.runUntil(3);
    expect(answered).toEqual([]);
    await shard.clock.runUntil(4);
    expect(answered).toEqual(["b after 2 commits", "c after 2 commits"]);
    expect(shard.commits[1]?.calls).toEqual(["b", "c"]);
  });

  test("lets a call that only read wait for the record that others are gathering in: it may have seen it", async () => {
    const shard = new FakeShard({ spacingMs: 4, durabilityMs: 8 });
    shard.call("a");
    expect(shard.read()).toBeUndefined();
    await shard.clock.runUntil(1);
    shard.call("b");
    let answered = false;
    const reading = Promise.resolve(shard.read()).then(() => {
      answered = true;
    });
    await shard.clock.runUntil(3);
    expect(answered).toBe(false);
    await shard.clock.runUntil(4);
    await reading;
    expect(shard.commits).toHaveLength(2);
  });

  test("answers a call whose record was written meanwhile, by another that filled it", async () => {
    const shard = new FakeShard({ spacingMs: 4, durabilityMs: 8 });
    shard.call("a");
    await shard.clock.runUntil(1);
    const waiting = shard.call("b");
    shard.open = [];
    await shard.clock.runUntil(4);
    await waiting;
    expect(shard.commits[1]).toEqual({ atMs: 4, calls: [] });
  });
});

describe("a commit that fails", () => {
  test("fails the call that would have been answered by it", () => {
    const shard = new FakeShard({ spacingMs: 4, durabilityMs: 8 });
    shard.failure = new Error("no room");
    expect(() => shard.call("a")).toThrow("no room");
  });

  test("fails everyone who was gathering for it", async () => {
    const shard = new FakeShard({ spacingMs: 4, durabilityMs: 8 });
    shard.call("a");
    await shard.clock.runUntil(1);
    const outcomes = Promise.allSettled([shard.call("b"), shard.call("c"), shard.read()]);
    shard.failure = new Error("no room");
    await shard.clock.runUntil(4);
    expect((await outcomes).map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
  });

  test("that only turns out not to be durable ends all the same: the runtime resets the object", async () => {
    const shard = new FakeShard({ spacingMs: 4, durabilityMs: 8 });
    shard.lost = new Error("the disks are gone");
    shard.call("a");
    await shard.clock.runUntil(8);
    expect(shard.underWay).toBe(0);
    expect(shard.call("b")).toBeUndefined();
  });
});

/**
 * What a message costs, in rows: one commit is one row. A thousand calls a second, one each millisecond, against
 * a storage that takes 8 ms. Rows are the bill: a row a message would be $1 per million messages. So the bound is
 * 0.05 rows a message, and it does not hold for every load: here is where it does and where it does not.
 */
describe("a thousand calls a second, evenly spaced", () => {
  test.each([
    { spacingMs: 4, commits: 250 },
    { spacingMs: 20, commits: 50 },
  ])("make $commits commits with a spacing of $spacingMs ms", async ({ spacingMs, commits }) => {
    const second = await aSecondOfCalls({ spacingMs, durabilityMs: 8 });
    expect(second).toEqual({ calls: 1000, commits });
  });

  test("cost 0.05 rows a message with one message a call only if commits start 20 ms apart", async () => {
    const rowsAt = async (spacingMs: number) =>
      (await aSecondOfCalls({ spacingMs, durabilityMs: 8 })).commits / 1000;
    expect(await rowsAt(20)).toBeLessThanOrEqual(0.05);
    expect(await rowsAt(19)).toBeGreaterThan(0.05);
    expect(await rowsAt(4)).toBe(0.25);
  });

  test("cost 0.05 rows a message with commits 4 ms apart if a call brings 5 messages, and less if more", async () => {
    const { commits } = await aSecondOfCalls({ spacingMs: 4, durabilityMs: 8 });
    expect(commits / (1000 * 4)).toBeGreaterThan(0.05);
    expect(commits / (1000 * 5)).toBeLessThanOrEqual(0.05);
    expect(commits / (1000 * 10)).toBe(0.025);
  });

  test("cost 0.05 rows a message with commits 4 ms apart and one message a call if there are five times as many", async () => {
    const second = await aSecondOfCalls({ spacingMs: 4, durabilityMs: 8, callsPerMs: 5 });
    expect(second).toEqual({ calls: 5000, commits: 250 });
    expect(second.commits / second.calls).toBeLessThanOrEqual(0.05);
  });

  test("make a commit each when storage is done before the next comes, whatever the spacing", async () => {
    const second = await aSecondOfCalls({ spacingMs: 20, durabilityMs: 0.5 });
    expect(second).toEqual({ calls: 1000, commits: 1000 });
  });
});

/** What the second second counts, when the load is no longer new. */
async function aSecondOfCalls(options: {
  readonly spacingMs: number;
  readonly durabilityMs: number;
  readonly callsPerMs?: number;
}): Promise<{ calls: number; commits: number }> {
  const shard = new FakeShard(options);
  const arrivals = Array.from({ length: options.callsPerMs ?? 1 });
  for (let ms = 0; ms < 2100; ms++) {
    shard.clock.at(ms, () => {
      for (const _ of arrivals) void shard.call("call");
    });
  }
  await shard.clock.runUntil(2100);
  const counted = shard.commits.filter(({ atMs }) => atMs >= 1000 && atMs < 2000);
  return { calls: counted.flatMap(({ calls }) => calls).length, commits: counted.length };
}

/** A shard whose record is a list of names, and whose storage takes as long as it is told. */
class FakeShard implements CommitShell {
  readonly clock = new HandClock();
  readonly spacingMs: number;
  readonly #durabilityMs: number;
  readonly #loop: CommitLoop;
  open: string[] = [];
  underWay = 0;
  failure: Error | undefined;
  lost: Error | undefined;
  readonly commits: { atMs: number; calls: string[] }[] = [];

  constructor({ spacingMs, durabilityMs }: { spacingMs: number; durabilityMs: number }) {
    this.spacingMs = spacingMs;
    this.#durabilityMs = durabilityMs;
    this.#loop = new CommitLoop(this);
  }

  /** @returns what its answer has to wait for */
  call(name: string): Promise<void> | undefined {
    this.open.push(name);
    return this.#loop.written(this.clock.nowMs);
  }

  read(): Promise<void> | undefined {
    return this.#loop.written(this.clock.nowMs);
  }

  hasOpenRecord(): boolean {
    return this.open.length > 0;
  }

  commit(): number {
    if (this.failure) throw this.failure;
    this.commits.push({ atMs: this.clock.nowMs, calls: this.open });
    this.open = [];
    return this.clock.nowMs;
  }

  async durable(): Promise<void> {
    this.underWay++;
    await this.clock.wait(this.#durabilityMs);
    this.underWay--;
    if (this.lost) throw this.lost;
  }

  wait(ms: number): Promise<void> {
    return this.clock.wait(ms);
  }
}
