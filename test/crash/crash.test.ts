import { setTimeout as wait } from "node:timers/promises";
import { expect, it } from "vitest";
import { type Random, randomFrom } from "../support/random.ts";
import { exchange, jsonExchange, signed } from "../support/raw-http.ts";
import { temporaryDir } from "../support/server.ts";
import {
  type Attack,
  consume,
  consumeSomePoison,
  type Field,
  isPoison,
  produce,
  produceSomePoison,
  receive,
  remove,
} from "./clients.ts";
import { brokenDeadLetterPromises } from "./dead-letter-ledger.ts";
import { type FifoField, write } from "./fifo-clients.ts";
import { brokenFifoPromises } from "./fifo-ledger.ts";
import { brokenPromises, type Operation } from "./ledger.ts";
import { startVictim, type Way } from "./victim.ts";

/** Kills under load, before two more; 25 for `npm run test:crash`, fewer for `npm test`. */
const kills = Number(process.env["CRASH_ROUNDS"] || 25);
const producers = 4;
const consumers = 5;
const fifoWriters = 3;
const fifoConsumers = 4;
const poisonConsumers = 2;
/** A kill comes after so many acknowledgements at most, since the start before. */
const acknowledgementsBetween = 1000;
const maxReceiveCount = 2;

it(
  `${kills} kills lose nothing, bring nothing back, forget no receive, and keep groups in order`,
  async () => {
    const seed = Number(process.env["CRASH_SEED"] || Date.now() % 1_000_000);
    const failure = Promise.withResolvers<never>();
    const attack: Attack = {
      victim: await startVictim(temporaryDir()),
      onAcknowledged: () => undefined,
      fail: (problem) => {
        attack.failed = true;
        failure.reject(new Error(`CRASH_SEED=${seed}: ${problem}`));
      },
      stopped: false,
      failed: false,
    };
    const standard: Field = { attack, queueName: "crash", history: [] };
    const fifo: FifoField = { attack, queueName: "crash.fifo", history: [], sends: [] };
    const poisoned: Field = { attack, queueName: "crash-poisoned", history: [] };
    const dead: Field = { attack, queueName: "crash-dead", history: [] };
    const fields = [standard, fifo, poisoned, dead];
    try {
      await createQueues(fields);
      const clients = [
        ...times(producers, (i) => produce(standard, `p${i}`, randomFrom(seed + i + 1))),
        ...times(consumers, (i) => consume(standard, randomFrom(seed - i - 1))),
        ...times(fifoWriters, (i) => write(fifo, `w${i}`, randomFrom(seed + i + 101))),
        ...times(fifoConsumers, (i) => consume(fifo, randomFrom(seed - i - 101))),
        produceSomePoison(poisoned, "d", randomFrom(seed + 201)),
        ...times(poisonConsumers, (i) => consumeSomePoison(poisoned, randomFrom(seed - i - 201))),
      ];
      await Promise.race([failure.promise, killAgainAndAgain(attack, randomFrom(seed))]);
      attack.stopped = true;
      await Promise.race([failure.promise, Promise.all(clients)]);

      // One more kill before the queues are emptied, and one that must find them empty.
      await attack.victim.killAndRestart("both");
      const emptied = Promise.all([drain(standard), drain(fifo), drainDeadLetters({ poisoned, dead })]);
      await Promise.race([failure.promise, emptied]);
      await attack.victim.killAndRestart("both");
      const left = await Promise.all(fields.map(counts));

      console.log(`crash test, CRASH_SEED=${seed}, ${kills} + 2 kills:`);
      for (const field of fields) console.log(`  ${field.queueName}: ${summary(field.history)}`);
      expect(brokenPromises(standard.history, { drained: true })).toEqual([]);
      expect(brokenPromises(fifo.history, { drained: true })).toEqual([]);
      expect(brokenFifoPromises(fifo.sends, fifo.history)).toEqual([]);
      // Its poison may have been received in doubt only: whether it is lost, its dead letters tell.
      expect(brokenPromises(poisoned.history, { drained: false })).toEqual([]);
      const deadLetters = { source: poisoned.history, dead: dead.history, maxReceiveCount };
      expect(brokenDeadLetterPromises(deadLetters)).toEqual([]);
      expect(left).toEqual(fields.map(() => [0, 0, 0]));
    } finally {
      attack.stopped = true;
      attack.failed = true;
      await attack.victim.stop();
    }
  },
  120_000 + kills * 30_000,
);

function times<T>(count: number, make: (i: number) => T): T[] {
  return Array.from({ length: count }, (_, i) => make(i));
}

async function createQueues([standard, fifo, poisoned, dead]: readonly Field[]): Promise<void> {
  if (!standard || !fifo || !poisoned || !dead) throw new Error("four queues are attacked");
  await ask(standard, "CreateQueue", { QueueName: standard.queueName });
  await ask(fifo, "CreateQueue", { QueueName: fifo.queueName, Attributes: { FifoQueue: "true" } });
  await ask(dead, "CreateQueue", { QueueName: dead.queueName });
  const { QueueArn } = await attributes(dead, ["QueueArn"]);
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: QueueArn, maxReceiveCount });
  await ask(poisoned, "CreateQueue", { QueueName: poisoned.queueName, Attributes: { RedrivePolicy } });
}

async function killAgainAndAgain(attack: Attack, random: Random): Promise<void> {
  for (let kill = 0; kill < kills; kill++) {
    await acknowledged(attack, random.between(1, acknowledgementsBetween));
    // Not at the very moment of an answer, where nothing else may be under way.
    await wait(random.between(0, 50));
    const way = random.pickWeighted<Way>([
      [2, "runtime"],
      [1, "script"],
      [2, "both"],
    ]);
    await attack.victim.killAndRestart(way);
  }
  await acknowledged(attack, acknowledgementsBetween);
}

/** Waits until clients have heard of so many more operations. */
function acknowledged(attack: Attack, count: number): Promise<void> {
  return new Promise((resolve) => {
    let left = count;
    attack.onAcknowledged = () => {
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

/** So long no dead letter comes, though some are missing: then they are lost, and the judge names them. */
const patienceMs = 30_000;

/** Receives all of the source until it is empty, and deletes what comes to its dead-letter queue. */
async function drainDeadLetters({ poisoned, dead }: { poisoned: Field; dead: Field }): Promise<void> {
  for (let left = await counts(poisoned); left.some((count) => count > 0); left = await counts(poisoned)) {
    const messages = await receive(poisoned, { max: 10, waitSeconds: 1, visibilitySeconds: 0 });
    await remove(
      poisoned,
      messages.filter((message) => !isPoison(message)),
      true,
    );
  }
  const missing = new Set(
    poisoned.history.flatMap((each) =>
      each.kind === "send" && each.endedMs !== undefined && isPoison(each) ? [each.key] : [],
    ),
  );
  let lastMs = performance.now();
  while (missing.size > 0 && performance.now() - lastMs < patienceMs) {
    if (await takeDeadLetters(dead, missing)) lastMs = performance.now();
  }
  // What comes twice, or though its send was in doubt.
  while ((await counts(dead)).some((count) => count > 0)) await takeDeadLetters(dead, missing);
}

/** @returns whether there were any */
async function takeDeadLetters(dead: Field, missing: Set<string>): Promise<boolean> {
  const messages = await receive(dead, { max: 10, waitSeconds: 2, visibilitySeconds: 30 });
  for (const { key } of messages) missing.delete(key);
  await remove(dead, messages, true);
  return messages.length > 0;
}

/** Visible, in flight, delayed. */
async function counts(field: Field): Promise<number[]> {
  const names = ["", "NotVisible", "Delayed"].map((state) => `ApproximateNumberOfMessages${state}`);
  const values = await attributes(field, names);
  return names.map((name) => Number(values[name]));
}

async function attributes(field: Field, names: readonly string[]) {
  const input = { QueueUrl: field.queueName, AttributeNames: names };
  return (await ask(field, "GetQueueAttributes", input)).Attributes;
}

async function ask({ attack: { victim } }: Field, action: string, input: object) {
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
