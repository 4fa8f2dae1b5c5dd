import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ShardUnavailable } from "../../src/shard/attempt.ts";
import type { Deferred, ShardReply, ShardRequest } from "../../src/shard/calls.ts";
import { Lane, laneTo, type Send, type Traveller } from "../../src/shard/lane.ts";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe("a call to a shard", () => {
  test("goes at once and alone when the way is free", async () => {
    const shard = new FakeShard();
    const reply = shard.asks("a");
    expect(shard.calls).toEqual([["a"]]);
    await shard.answers();
    expect(await reply).toBe("reply to a");
  });

  test("goes at once when the last one left 2 ms ago, though that has not come back, and takes along who waits", async () => {
    const shard = new FakeShard();
    void shard.asks("a");
    await vi.advanceTimersByTimeAsync(1);
    void shard.asks("b");
    expect(shard.calls).toEqual([["a"]]);
    await vi.advanceTimersByTimeAsync(1);
    void shard.asks("c");
    expect(shard.calls).toEqual([["a"], ["c", "b"]]);
  });

  test("waits for the one before, and takes along all who came meanwhile, in their order", async () => {
    const shard = new FakeShard();
    const replies = ["a", "b", "c", "d"].map((name) => shard.asks(name));
    expect(shard.calls).toEqual([["a"]]);
    await shard.answers();
    expect(shard.calls).toEqual([["a"], ["b", "c", "d"]]);
    await shard.answers();
    expect(await Promise.all(replies)).toEqual(["reply to a", "reply to b", "reply to c", "reply to d"]);
  });

  test("of 64 at one instant is one of two calls: the first, and one for the other 63", async () => {
    const shard = new FakeShard();
    const names = Array.from({ length: 64 }, (_, n) => `${n}`);
    const replies = names.map((name) => shard.asks(name));
    await shard.answers();
    await shard.answers();
    expect(shard.calls.map((group) => group.length)).toEqual([1, 63]);
    expect(shard.calls.flat()).toEqual(names);
    expect(await Promise.all(replies)).toEqual(names.map((name) => `reply to ${name}`));
  });

  test("travels with 255 others at most", async () => {
    const shard = new FakeShard();
    const replies = Array.from({ length: 1 + 256 + 3 }, (_, n) => shard.asks(`${n}`));
    for (let call = 0; call < 3; call++) await shard.answers();
    expect(shard.calls.map((group) => group.length)).toEqual([1, 256, 3]);
    expect(await Promise.all(replies)).toHaveLength(260);
  });

  test.each([
    [8_000_000, [1, 2]],
    [8_000_001, [1, 1, 1]],
  ])("travels with others only up to 8 MB: two of %d bytes", async (bytes, groups) => {
    const shard = new FakeShard();
    const replies = [shard.asks("a"), shard.asks("b", 4_000_000), shard.asks("c", bytes - 4_000_000)];
    for (const _ of groups) await shard.answers();
    expect(shard.calls.map((group) => group.length)).toEqual(groups);
    await Promise.all(replies);
  });

  test("that is larger than 8 MB by itself goes all the same", async () => {
    const shard = new FakeShard();
    const reply = shard.asks("a", 9_000_000);
    await shard.answers();
    expect(await reply).toBe("reply to a");
  });

  test("is asked again when the shard defers it", async () => {
    const shard = new FakeShard();
    const reply = shard.asks("a");
    await shard.answers([{ kind: "deferred" }]);
    await shard.answers([{ kind: "deferred" }]);
    expect(shard.calls).toEqual([["a"], ["a"], ["a"]]);
    await shard.answers();
    expect(await reply).toBe("reply to a");
  });

  test("that is deferred does not keep back the others of its group", async () => {
    const shard = new FakeShard();
    const [a, b, c] = ["a", "b", "c"].map((name) => shard.asks(name));
    await shard.answers();
    await shard.answers([{ kind: "deferred" }, unconfigured]);
    expect(await Promise.all([a, c])).toEqual(["reply to a", "unconfigured"]);
    expect(shard.calls).toEqual([["a"], ["b", "c"], ["b"]]);
    await shard.answers();
    expect(await b).toBe("reply to b");
  });

  test("that the shard leaves unanswered fails, and nobody else with it", async () => {
    const shard = new FakeShard();
    const outcomes = ["a", "b", "c"].map((name) => outcomeOf(shard.asks(name)));
    await shard.answers();
    await shard.answers([unconfigured]);
    expect(await Promise.all(outcomes)).toEqual([
      "reply to a",
      "unconfigured",
      "Error: the shard left a call unanswered",
    ]);
  });
});

describe("a call that fails", () => {
  test("fails for all who travelled in it, and for nobody else", async () => {
    const shard = new FakeShard();
    const outcomes = ["a", "b", "c"].map((name) => outcomeOf(shard.asks(name)));
    await shard.answers();
    const late = outcomeOf(shard.asks("d"));
    await shard.fails(new Error("broken"));
    await shard.answers();
    expect(await Promise.all(outcomes)).toEqual(["reply to a", "Error: broken", "Error: broken"]);
    expect(await late).toBe("reply to d");
    expect(shard.calls).toEqual([["a"], ["b", "c"], ["d"]]);
  });

  test("and may be repeated is repeated with the same requests, after a while that grows", async () => {
    const waits = vi.spyOn(scheduler, "wait").mockResolvedValue(undefined);
    vi.spyOn(Math, "random").mockReturnValue(0.5);
    const shard = new FakeShard();
    const reply = shard.asks("a");
    await shard.fails(retryable());
    await shard.fails(retryable());
    await shard.answers();
    expect(await reply).toBe("reply to a");
    expect(shard.requests[1]).toBe(shard.requests[0]);
    expect(shard.requests[2]).toBe(shard.requests[0]);
    expect(waits.mock.calls).toEqual([[30], [60]]);
  });

  test("three times makes the shard unavailable", async () => {
    vi.spyOn(scheduler, "wait").mockResolvedValue(undefined);
    const shard = new FakeShard();
    const outcome = outcomeOf(shard.asks("a"));
    for (let time = 0; time < 3; time++) await shard.fails(retryable());
    expect(await outcome).toBe("ShardUnavailable");
    expect(shard.calls).toHaveLength(3);
  });

  test("for overload is not repeated, even if it could be", async () => {
    const waits = vi.spyOn(scheduler, "wait");
    const shard = new FakeShard();
    const outcome = outcomeOf(shard.asks("a"));
    await shard.fails(Object.assign(new Error("overloaded"), { retryable: true, overloaded: true }));
    expect(await outcome).toBe("ShardUnavailable");
    expect(shard.calls).toHaveLength(1);
    expect(waits).not.toHaveBeenCalled();
  });

  test("and may not be repeated is not", async () => {
    const shard = new FakeShard();
    const outcome = outcomeOf(shard.asks("a"));
    await shard.fails(new Error("a bug of ours"));
    expect(await outcome).toBe("Error: a bug of ours");
    expect(shard.calls).toHaveLength(1);
  });
});

describe("a request whose context is lost", () => {
  test("after it was told to go strands nobody: the next goes after a second, and takes the others along", async () => {
    const shard = new FakeShard();
    const first = shard.asks("a");
    shard.asksAndIsLost("lost");
    const others = ["c", "d"].map((name) => shard.asks(name));
    await shard.answers();
    await first;
    expect(shard.calls).toEqual([["a"]]);
    await vi.advanceTimersByTimeAsync(999);
    expect(shard.calls).toEqual([["a"]]);
    await vi.advanceTimersByTimeAsync(1);
    expect(shard.calls).toEqual([["a"], ["c", "d"]]);
    await shard.answers();
    expect(await Promise.all(others)).toEqual(["reply to c", "reply to d"]);
  });

  test("after it was told to go keeps nobody who comes later: the way is free", async () => {
    const shard = new FakeShard();
    const first = shard.asks("a");
    shard.asksAndIsLost("lost");
    const waiting = shard.asks("c");
    await shard.answers();
    await first;
    const later = shard.asks("d");
    expect(shard.calls).toEqual([["a"], ["d", "c"]]);
    await shard.answers();
    expect(await Promise.all([waiting, later])).toEqual(["reply to c", "reply to d"]);
  });

  test("while its call is on the way strands nobody who waits behind it", async () => {
    const shard = new FakeShard();
    shard.goesAndIsLost("lost");
    const waiting = shard.asks("b");
    await vi.advanceTimersByTimeAsync(999);
    expect(shard.calls).toEqual([["lost"]]);
    await vi.advanceTimersByTimeAsync(1);
    expect(shard.calls).toEqual([["lost"], ["b"]]);
    await shard.answers();
    expect(await waiting).toBe("reply to b");
  });

  test("keeps its promise to those behind it: what it must still do is handed to `waitUntil`", async () => {
    const shard = new FakeShard();
    void shard.asks("a");
    void shard.asks("b");
    const [ofA = [], ofB = []] = shard.kept;
    expect([ofA.length, ofB.length]).toEqual([1, 1]);
    await vi.advanceTimersByTimeAsync(0);
    expect(await Promise.race([...ofA, ...ofB, "still at it"])).toBe("still at it");
    await shard.answers();
    await Promise.all(ofA);
    expect(ofB.length).toBe(2);
    expect(await Promise.race([ofB[1], "still at it"])).toBe("still at it");
    await shard.answers();
    await Promise.all(ofB);
  });

  test("leaves no timer behind for those who were answered", async () => {
    const shard = new FakeShard();
    const replies = ["a", "b", "c"].map((name) => shard.asks(name));
    await shard.answers();
    await shard.answers();
    await Promise.all(replies);
    expect(vi.getTimerCount()).toBe(0);
  });
});

test("all requests of an isolate share the lane to a shard, and shards share none", () => {
  expect(laneTo("one:0")).toBe(laneTo("one:0"));
  expect(laneTo("one:0")).not.toBe(laneTo("two:0"));
});

const unconfigured: ShardReply = { kind: "unconfigured" };

function retryable(): Error {
  return Object.assign(new Error("the object was reset"), { retryable: true });
}

interface CallUnderWay extends PromiseWithResolvers<readonly (ShardReply | Deferred)[]> {
  readonly group: readonly ShardRequest[];
}

/** Calls go by the names of their batches; the shard answers when it is told to. */
class FakeShard {
  readonly #lane = new Lane();
  readonly requests: (readonly ShardRequest[])[] = [];
  /** What each traveller handed to its `waitUntil`. */
  readonly kept: Promise<unknown>[][] = [];
  readonly #underWay: CallUnderWay[] = [];
  readonly #names: string[] = [];

  /** The names in each call that arrived, in order. */
  get calls(): string[][] {
    return this.requests.map((group) => group.map(nameOf));
  }

  async asks(name: string, bytes = 0): Promise<string> {
    const kept: Promise<unknown>[] = [];
    this.kept.push(kept);
    const reply = await this.#lane.submit(this.#request(name, bytes), {
      send: (requests) => this.#send(requests),
      waitUntil: (promise) => void kept.push(promise),
    });
    return reply.kind === "sent" ? `reply to ${this.#names[reply.positions[0] ?? -1]}` : reply.kind;
  }

  #send(group: readonly ShardRequest[]): ReturnType<Send> {
    this.requests.push(group);
    const call = Promise.withResolvers<readonly (ShardReply | Deferred)[]>();
    this.#underWay.push({ ...call, group });
    return call.promise;
  }

  /** Waits like any other; when it is told to go, its context is no more, and nothing happens. */
  asksAndIsLost(name: string): void {
    const traveller: Traveller = {
      get send(): Send {
        throw new Error("this context is no more");
      },
      waitUntil: () => {},
    };
    this.#lane.submit(this.#request(name, 0), traveller).catch(() => {});
  }

  /** Goes, and its context is lost before it hears of its call again. */
  goesAndIsLost(name: string): void {
    const send: Send = (requests) => {
      this.requests.push(requests);
      return new Promise(() => {});
    };
    void this.#lane.submit(this.#request(name, 0), { send, waitUntil: () => {} });
  }

  /** Answers the oldest call under way, and lets what follows from it happen. */
  async answers(replies?: (ShardReply | Deferred)[]): Promise<void> {
    const call = this.#underWay.shift();
    call?.resolve(replies ?? call.group.map((request) => this.#replyTo(request)));
    await vi.advanceTimersByTimeAsync(0);
  }

  async fails(error: Error): Promise<void> {
    this.#underWay.shift()?.reject(error);
    await vi.advanceTimersByTimeAsync(0);
  }

  #request(name: string, bytes: number): ShardRequest {
    this.#names.push(name);
    const messages = [{ sealed: new Uint8Array(bytes), delayMs: 0 }];
    return { settingsVersion: 1, call: { kind: "send", batchId: name, messages } };
  }

  /** Says whose it is, so that a reply that reaches the wrong one is told. */
  #replyTo(request: ShardRequest): ShardReply {
    return { kind: "sent", positions: [this.#names.indexOf(nameOf(request))] };
  }
}

function nameOf({ call }: ShardRequest): string {
  return call.kind === "send" ? call.batchId : call.kind;
}

async function outcomeOf(reply: Promise<string>): Promise<string> {
  try {
    return await reply;
  } catch (error) {
    return error instanceof ShardUnavailable ? "ShardUnavailable" : String(error);
  }
}
