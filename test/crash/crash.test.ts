import { setTimeout as wait } from "node:timers/promises";
import { expect, it } from "vitest";
import { type Random, randomFrom } from "../support/random.ts";
import { exchange, jsonExchange, signed } from "../support/raw-http.ts";
import { temporaryDir } from "../support/server.ts";
import { consume, type Field, produce, receive, remove } from "./clients.ts";
import { brokenPromises, type Operation } from "./ledger.ts";
import { startVictim, type Way } from "./victim.ts";

/** Kills under load, before two more; 25 for `npm run test:crash`, fewer for `npm test`. */
const kills = Number(process.env["CRASH_ROUNDS"] || 25);
const producers = 4;
const consumers = 5;
/** A kill comes after so many acknowledgements at most, since the start before. */
const acknowledgementsBetween = 600;

it(
  `${kills} kills lose nothing, bring nothing back, and forget no receive`,
  async () => {
    const seed = Number(process.env["CRASH_SEED"] || Date.now() % 1_000_000);
    const failure = Promise.withResolvers<never>();
    const field: Field = {
      victim: await startVictim(temporaryDir()),
      queueName: "crash",
      history: [],
      onAcknowledged: () => undefined,
      fail: (problem) => failure.reject(new Error(`CRASH_SEED=${seed}: ${problem}`)),
      stopped: false,
    };
    try {
      await ask(field, "CreateQueue", { QueueName: field.queueName });
      const clients = [
        ...Array.from({ length: producers }, (_, i) => produce(field, `p${i}`, randomFrom(seed + i + 1))),
        ...Array.from({ length: consumers }, (_, i) => consume(field, randomFrom(seed - i - 1))),
      ];
      await Promise.race([failure.promise, killAgainAndAgain(field, randomFrom(seed))]);
      field.stopped = true;
      await Promise.race([failure.promise, Promise.all(clients)]);

      // One more kill before the queue is emptied, and one that must find it empty.
      await field.victim.killAndRestart("both");
      await Promise.race([failure.promise, drain(field)]);
      await field.victim.killAndRestart("both");
      const left = await counts(field);

      console.log(`crash test, CRASH_SEED=${seed}, ${kills} + 2 kills: ${summary(field.history)}`);
      expect(brokenPromises(field.history, { drained: true })).toEqual([]);
      expect(left).toEqual([0, 0, 0]);
    } finally {
      field.stopped = true;
      await field.victim.stop();
    }
  },
  120_000 + kills * 30_000,
);

async function killAgainAndAgain(field: Field, random: Random): Promise<void> {
  for (let kill = 0; kill < kills; kill++) {
    await acknowledged(field, random.between(1, acknowledgementsBetween));
    // Not at the very moment of an answer, where nothing else may be under way.
    await wait(random.between(0, 50));
    const way = random.pickWeighted<Way>([
      [2, "runtime"],
      [1, "script"],
      [2, "both"],
    ]);
    await field.victim.killAndRestart(way);
  }
  await acknowledged(field, acknowledgementsBetween);
}

/** Waits until clients have heard of so many more operations. */
function acknowledged(field: Field, count: number): Promise<void> {
  return new Promise((resolve) => {
    let left = count;
    field.onAcknowledged = () => {
      left--;
      if (left === 0) resolve();
    };
  });
}

async function drain(field: Field): Promise<void> {
  for (let left = await counts(field); left.some((count) => count > 0); left = await counts(field)) {
    const messages = await receive(field, { max: 10, waitSeconds: 2, visibilitySeconds: 30 });
    await remove(field, messages, true);
  }
}

/** Visible, in flight, delayed. */
async function counts(field: Field): Promise<number[]> {
  const names = ["", "NotVisible", "Delayed"].map((state) => `ApproximateNumberOfMessages${state}`);
  const answer = await ask(field, "GetQueueAttributes", { QueueUrl: field.queueName, AttributeNames: names });
  return names.map((name) => Number(answer.Attributes[name]));
}

async function ask({ victim }: Field, action: string, input: object) {
  const { status, body } = await exchange(victim.url, signed(victim.url, jsonExchange(action, input)));
  expect({ status, body }).toMatchObject({ status: 200 });
  return JSON.parse(body) as { readonly Attributes: Readonly<Record<string, string>> };
}

function summary(history: readonly Operation[]): string {
  const parts = (["send", "receive", "delete", "visibility"] as const).map((kind) => {
    const all = history.filter((operation) => operation.kind === kind);
    const inDoubt = all.filter(({ endedMs }) => endedMs === undefined).length;
    return `${kind} ${all.length - inDoubt} acknowledged and ${inDoubt} in doubt`;
  });
  const delivered = history.flatMap((each) => (each.kind === "receive" ? each.deliveries : []));
  return `${parts.join(", ")}, ${delivered.length} deliveries`;
}
