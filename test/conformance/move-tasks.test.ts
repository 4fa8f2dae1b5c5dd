import { describe, expect, test } from "vitest";
import { randomFrom } from "../support/random.ts";
import { type Fate, Fuse, groupOf, MoveDesk } from "./move-desk.ts";

const HISTORIES = Number(process.env["HISTORIES"] ?? 400);
const SEED = process.env["SEED"];
const A_LONG_TIME_MS = 120_000;
const AN_HOUR_MS = 3_600_000;
const TASK_ID = "0d5f7a52-6c0e-4e57-9d0a-6f2f7a1c9b11";

/** `first` to `first + count - 1`, in three groups: `x1`, `y2`, … */
function bodies(origin: string, count: number, first = 1): string[] {
  return Array.from({ length: count }, (_, i) => `${"xyz"[(first + i) % 3]}-${origin}-${first + i}`);
}

function desk({ fifo = false, fuse = new Fuse(), inFlightMessages = 120_000 } = {}) {
  const queues = new MoveDesk({ fifo, fuse, limits: { inFlightMessages } });
  const [a, b, dead, named] = ["a", "b", "dead", "named"].map((name) => queues.create(name)) as [
    string,
    string,
    string,
    string,
  ];
  return { queues, a, b, dead, named };
}

/** All in one group, which a FIFO queue comes to after those of the others. */
const lastBodies = (origin: string, count: number) =>
  bodies(origin, count).map((body) => `w${body.slice(1)}`);

const bodiesOf = (drained: readonly { body: string }[]) => drained.map(({ body }) => body);

/** The bodies of each group are in their order. */
function expectOrdered(drained: readonly { body: string }[]): void {
  const last = new Map<string, number>();
  for (const { body } of drained) {
    const [group = "", origin = "", number] = body.split("-");
    const line = `${group}-${origin}`;
    expect(Number(number), `${body} in its group`).toBeGreaterThan(last.get(line) ?? 0);
    last.set(line, Number(number));
  }
}

describe.each([{ fifo: false }, { fifo: true }])("a move task, FIFO: $fifo", ({ fifo }) => {
  test("brings each message back to its own queue, as a new one", () => {
    const { queues, a, b, dead } = desk({ fifo });
    queues.bury(a, dead, bodies("a", 3));
    queues.bury(b, dead, bodies("b", 2));
    queues.nowMs += 1000;
    queues.ask(dead, { kind: "startMove", taskId: TASK_ID });
    queues.finish(dead);
    const home = queues.drain(a);
    expect(bodiesOf(home).toSorted()).toEqual(bodies("a", 3).toSorted());
    for (const { body, message } of home) {
      expect(message).toMatchObject({ receiveCount: 1, sentAtMs: queues.nowMs });
      expect(message.groupId).toBe(fifo ? groupOf(body) : undefined);
      expect(message.sourceArn).toBeUndefined();
    }
    expect(bodiesOf(queues.drain(b)).toSorted()).toEqual(bodies("b", 2).toSorted());
    expect(queues.tasks(dead)).toMatchObject([{ status: "COMPLETED", moved: 5, toMove: 5 }]);
  });

  test("leaves a message sealed as it was, however often it is moved and written again", () => {
    // Each record in a table of its own, and whatever lives in an old one is written again.
    const limits = { epochBytes: 1, epochMinMs: 0, stragglers: 500, snapshotRecords: 3 };
    const queues = new MoveDesk({ fifo, limits });
    const [a, dead, b, c, d] = ["a", "dead", "b", "c", "d"].map((name) => queues.create(name)) as [
      string,
      string,
      string,
      string,
      string,
    ];
    queues.bury(a, dead, bodies("a", 3));
    const ids = new Set<string>();
    const ways = [
      [dead, b],
      [b, c],
      [c, d],
    ] as const;
    for (const [from, to] of ways) {
      for (const { messageId } of queues.receive(from, 10, 1000)) ids.add(messageId);
      queues.send(from, [`w-${ids.size}-1`]);
      queues.send(from, [`w-${ids.size}-2`]);
      queues.keepHouse(from);
      queues.evict(from);
      queues.nowMs += 1000;
      queues.ask(from, { kind: "startMove", taskId: TASK_ID, targetArn: to });
      queues.finish(from);
    }
    // As many ids as there were queues to be in, and `receive` knows what each body is sealed under.
    expect(ids.size).toBe(3 + 5 + 7);
    expect(queues.drain(d)).toHaveLength(9);
  });

  test("leaves messages that somebody works on, and counts none of them", () => {
    const { queues, a, dead, named } = desk({ fifo });
    queues.bury(a, dead, ["x-a-1", "y-a-2", "z-a-3"]);
    const [held] = queues.receive(dead, 1);
    queues.ask(dead, { kind: "startMove", taskId: TASK_ID, targetArn: named });
    queues.finish(dead);
    expect(queues.tasks(dead)).toMatchObject([{ status: "COMPLETED", moved: 2, toMove: 2 }]);
    expect(queues.drain(named)).toHaveLength(2);
    queues.nowMs += A_LONG_TIME_MS;
    expect(queues.drain(dead).map(({ message }) => message.messageId)).toEqual([held?.messageId]);
  });

  test("is not kept from moving by as many messages in flight as there may be", () => {
    const { queues, a, dead, named } = desk({ fifo, inFlightMessages: 1 });
    queues.bury(a, dead, ["x-a-1", "y-a-2"]);
    expect(queues.receive(dead, 1)).toHaveLength(1);
    queues.ask(dead, { kind: "startMove", taskId: TASK_ID, targetArn: named });
    queues.finish(dead);
    expect(queues.tasks(dead)).toMatchObject([{ status: "COMPLETED", moved: 1 }]);
    expect(queues.drain(named)).toHaveLength(1);
  });

  test("fails at a message that was sent here directly, after what came before it", () => {
    const { queues, a, dead } = desk({ fifo });
    queues.bury(a, dead, ["x-a-1", "x-a-2"]);
    queues.send(dead, ["x-sent-1"]);
    queues.bury(a, dead, ["x-a-3"], 3);
    queues.ask(dead, { kind: "startMove", taskId: TASK_ID });
    queues.slice(dead);
    // What is under way counts for this task, so no other may begin yet.
    expect(queues.ask(dead, { kind: "startMove", taskId: `${TASK_ID}-2` }).accepted).toBe(false);
    queues.finish(dead);
    const failed = { status: "FAILED", reason: "CouldNotDetermineMessageSource", moved: 2, toMove: 4 };
    expect(queues.tasks(dead)).toMatchObject([failed]);
    expect(bodiesOf(queues.drain(a))).toEqual(["x-a-1", "x-a-2"]);
    expect(bodiesOf(queues.drain(dead))).toEqual(["x-sent-1", "x-a-3"]);
  });

  test("fails when its target is gone, and everything not yet moved is here again, in order", () => {
    const { queues, a, b, dead } = desk({ fifo });
    queues.bury(a, dead, bodies("a", 4));
    queues.bury(b, dead, lastBodies("b", 3));
    queues.delete(b);
    queues.ask(dead, { kind: "startMove", taskId: TASK_ID });
    queues.finish(dead);
    expect(queues.tasks(dead)).toMatchObject([
      { status: "FAILED", reason: "AWS.SimpleQueueService.NonExistentQueue", moved: 4 },
    ]);
    expect(queues.drain(a)).toHaveLength(4);
    const left = queues.drain(dead);
    expect(bodiesOf(left)).toEqual(lastBodies("b", 3));
    // Only now another may begin, and finds nothing.
    expect(queues.ask(dead, { kind: "startMove", taskId: `${TASK_ID}-2` }).accepted).toBe(true);
    queues.finish(dead);
    expect(queues.tasks(dead)).toMatchObject([{ status: "COMPLETED", moved: 0 }, { status: "FAILED" }]);
  });

  test("ends when it is cancelled, once what is under way has arrived", () => {
    const { queues, a, dead, named } = desk({ fifo });
    queues.bury(a, dead, bodies("a", 9));
    queues.ask(dead, { kind: "startMove", taskId: TASK_ID, targetArn: named, rate: 3 });
    queues.slice(dead);
    queues.ship(dead, "answer lost");
    expect(queues.ask(dead, { kind: "cancelMove", taskId: TASK_ID }).moved).toBe(0);
    expect(queues.tasks(dead)).toMatchObject([{ status: "CANCELLING", moved: 0 }]);
    queues.finish(dead);
    expect(queues.tasks(dead)).toMatchObject([{ status: "CANCELLED", moved: 3, toMove: 9 }]);
    expect(queues.drain(named)).toHaveLength(3);
    expect(queues.drain(dead)).toHaveLength(6);
  });

  test.each([1, 7, 120, 500])("moves no more than %d messages in any second", (rate) => {
    const { queues, a, dead, named } = desk({ fifo });
    const count = Math.ceil(rate * 2.5);
    const letters = bodies("a", count);
    for (let i = 0; i < count; i += 100) queues.bury(a, dead, letters.slice(i, i + 100), i + 1);
    queues.ask(dead, { kind: "startMove", taskId: TASK_ID, targetArn: named, rate });
    const startedAtMs = queues.nowMs;
    queues.finish(dead);
    const sentAtMs = queues.drain(named).map(({ message }) => message.sentAtMs);
    expect(sentAtMs).toHaveLength(count);
    for (const atMs of new Set(sentAtMs)) {
      expect(sentAtMs.filter((each) => each >= atMs && each < atMs + 1000).length).toBeLessThanOrEqual(rate);
    }
    // Nor does it dawdle.
    expect(Math.max(...sentAtMs)).toBeLessThan(startedAtMs + 3100);
  });
});

/** One task from beginning to end, which a crash must not change. */
const scenarios = [
  { what: "home", status: "COMPLETED", moved: 12 },
  { what: "to a named queue", status: "COMPLETED", moved: 12 },
  { what: "until it is cancelled", status: "CANCELLED", moved: 6 },
  { what: "until its target is gone", status: "FAILED", moved: 8 },
] as const;

describe.each(scenarios)("a move task $what", ({ what, status, moved }) => {
  function run(fifo: boolean, fuse: Fuse) {
    const { queues, a, b, dead, named } = desk({ fifo, fuse });
    queues.bury(a, dead, bodies("a", 8));
    queues.bury(b, dead, lastBodies("b", 4));
    const elsewhere = what === "home" || what === "until its target is gone" ? undefined : named;
    if (what === "until its target is gone") queues.delete(b);
    const rate = what === "until it is cancelled" ? 3 : undefined;
    queues.ask(dead, {
      kind: "startMove",
      taskId: TASK_ID,
      ...(elsewhere === undefined ? undefined : { targetArn: elsewhere }),
      ...(rate === undefined ? undefined : { rate }),
    });
    if (what === "until it is cancelled") {
      for (let slices = 0; slices < 2; slices++) {
        queues.slice(dead);
        while (queues.ship(dead));
        queues.nowMs += 1000;
      }
      queues.ask(dead, { kind: "cancelMove", taskId: TASK_ID });
    }
    queues.finish(dead);
    fuse.remove();
    queues.nowMs += A_LONG_TIME_MS;
    const arrived = [a, b, named].filter((arn) => queues.has(arn)).flatMap((arn) => queues.drain(arn));
    return { tasks: queues.tasks(dead), arrived, left: queues.drain(dead), records: fuse.records };
  }

  test.each([{ fifo: false }, { fifo: true }])(
    "is the same with a crash before or after any record of either log, FIFO: $fifo",
    ({ fifo }) => {
      const { records } = run(fifo, new Fuse());
      expect(records).toBeGreaterThan(5);
      for (let at = 1; at <= records; at++) {
        for (const when of ["before", "after"] as const) {
          const seen = run(fifo, new Fuse(at, when));
          const crash = `a crash ${when} record ${at}`;
          expect(seen.tasks, crash).toMatchObject([{ status, moved, toMove: 12 }]);
          expect(seen.arrived, crash).toHaveLength(moved);
          expect([...bodiesOf(seen.arrived), ...bodiesOf(seen.left)].toSorted(), crash).toEqual(
            [...bodies("a", 8), ...lastBodies("b", 4)].toSorted(),
          );
          if (fifo) expectOrdered(seen.arrived);
        }
      }
    },
  );
});

describe.skipIf(SEED === undefined)("in a history of move tasks", () => {
  test(`with the seed ${SEED} every message is in one place`, () => tell(Number(SEED)), AN_HOUR_MS);
});

describe.skipIf(SEED !== undefined)("in histories of move tasks", () => {
  test(
    `${HISTORIES} of them, every message is in one place, and tasks count what they moved`,
    () => {
      for (let seed = 0; seed < HISTORIES; seed++) {
        try {
          tell(seed);
        } catch (error) {
          throw new Error(`SEED=${seed} npx vitest run --project pure test/conformance/move-tasks.test.ts`, {
            cause: error,
          });
        }
      }
    },
    AN_HOUR_MS,
  );
});

const fates: readonly (readonly [number, Fate])[] = [
  [6, "arrives"],
  [2, "lost"],
  [2, "answer lost"],
  [1, "comes twice"],
];

function tell(seed: number): void {
  const random = randomFrom(seed);
  const { queues, a, b, dead, named } = desk({ fifo: random.chance(0.5) });
  const buried = new Map([a, b].map((arn) => [arn, 0]));
  const all: string[] = [];
  const gone: string[] = [];
  const arrivedAtA: { body: string }[] = [];
  let tasks = 0;
  const step = (): void => {
    const act = random.pickWeighted<() => void>([
      [4, bury],
      [3, start],
      [8, () => queues.slice(dead)],
      [10, () => void queues.ship(dead, random.pickWeighted(fates))],
      [2, () => queues.evict(random.pick([dead, b, named]))],
      [3, work],
      [1, cancel],
      [1, deleteA],
      [3, wait],
    ]);
    act();
  };
  const wait = () => {
    queues.nowMs += random.between(1, 2000);
  };
  const bury = () => {
    const from = random.pick([a, b]);
    const number = buried.get(from) ?? 0;
    const letters = bodies(from === a ? "a" : "b", random.between(1, 8), number + 1);
    queues.bury(from, dead, letters, number + 1);
    buried.set(from, number + letters.length);
    all.push(...letters);
  };
  const start = () => {
    if (tasks === 10) return;
    const taskId = `${TASK_ID.slice(0, -1)}${tasks}`;
    const { accepted } = queues.ask(dead, {
      kind: "startMove",
      taskId,
      ...(random.chance(0.4) ? { targetArn: named } : undefined),
      ...(random.chance(0.5) ? { rate: random.between(1, 5) } : undefined),
    });
    if (accepted) tasks++;
  };
  const work = () => {
    const messages = queues.receive(dead, random.between(1, 4), 1500);
    const done = messages.slice(0, random.between(0, messages.length));
    queues.ask(dead, { kind: "delete", leases: done });
    gone.push(...done.map(({ sealed }) => new TextDecoder().decode(sealed)));
  };
  const cancel = () => {
    const [newest] = queues.tasks(dead);
    if (newest) queues.ask(dead, { kind: "cancelMove", taskId: newest.taskId });
  };
  // What is known to both sides only: an answer that is lost with a deleted queue cannot be made good.
  const deleteA = () => {
    if (!queues.has(a) || !random.chance(0.3)) return;
    while (queues.ship(dead));
    arrivedAtA.push(...queues.drain(a));
    queues.delete(a);
  };
  for (let steps = random.between(20, 80); steps > 0; steps--) step();
  queues.finish(dead);
  queues.nowMs += A_LONG_TIME_MS;

  if (queues.has(a)) arrivedAtA.push(...queues.drain(a));
  const arrived = { a: arrivedAtA, b: queues.drain(b), named: queues.drain(named) };
  const left = queues.drain(dead);
  const everywhere = [...arrived.a, ...arrived.b, ...arrived.named, ...left];
  expect([...bodiesOf(everywhere), ...gone].toSorted()).toEqual(all.toSorted());
  for (const origin of ["a", "b"] as const) {
    for (const { body } of arrived[origin]) expect(body).toContain(`-${origin}-`);
  }
  const movedInAll = queues.tasks(dead).reduce((sum, { moved }) => sum + moved, 0);
  expect(movedInAll).toBe(arrived.a.length + arrived.b.length + arrived.named.length);
  if (queues.fifo) for (const drained of [...Object.values(arrived), left]) expectOrdered(drained);
}
