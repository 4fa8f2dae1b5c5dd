import { randomBytes } from "node:crypto";
import type { Random } from "../support/random.ts";
import { type Answer, exchange, jsonExchange, signed } from "../support/raw-http.ts";
import type { Delivery, Operation, Receive } from "./ledger.ts";
import type { Victim } from "./victim.ts";

/** What the clients of all queues share. */
export interface Attack {
  readonly victim: Victim;
  /** Ends the test with what no crash explains. */
  readonly fail: (problem: string) => void;
  /** Called with every acknowledged operation. */
  onAcknowledged: () => void;
  /** True: clients end after what they are doing. */
  stopped: boolean;
  /** True: the test has ended, and clients leave in doubt what is in doubt. */
  failed: boolean;
}

/** A queue as its clients see it, and all that they did. */
export interface Field {
  readonly attack: Attack;
  readonly queueName: string;
  readonly history: Operation[];
}

/** Long polls take 2 s; whoever hears nothing for so long will hear nothing any more. */
const timeoutMs = 15_000;

/** Sends alone and in batches, at once and delayed, until the field is stopped. */
export async function produce(field: Field, name: string, random: Random): Promise<void> {
  for (let number = 0; !field.attack.stopped; number++) {
    const count = random.chance(0.5) ? 1 : random.between(2, 10);
    const messages = Array.from({ length: count }, (_, i) => {
      const key = `${name}-${number}-${i}`;
      const padding = random.pickWeighted([
        [10, random.between(0, 500)],
        [1, random.between(0, 30_000)],
      ]);
      const delaySeconds = random.chance(0.2) ? random.between(1, 2) : 0;
      return { key, delaySeconds, body: `${key} ${randomBytes(padding >> 1).toString("hex")}` };
    });
    await send(field, messages);
  }
}

interface Outgoing {
  readonly key: string;
  readonly body: string;
  readonly delaySeconds: number;
}

async function send(field: Field, messages: readonly Outgoing[]): Promise<void> {
  const [only] = messages;
  const operations = messages.map(({ key, delaySeconds }) => ({
    kind: "send" as const,
    key,
    delayMs: delaySeconds * 1000,
    beganMs: performance.now(),
    endedMs: undefined as number | undefined,
    messageId: undefined as string | undefined,
  }));
  field.history.push(...operations);
  const answer =
    messages.length === 1 && only !== undefined
      ? await ask(field, "SendMessage", { MessageBody: only.body, DelaySeconds: only.delaySeconds })
      : await ask(field, "SendMessageBatch", {
          Entries: messages.map(({ body, delaySeconds }, i) => ({
            Id: String(i),
            MessageBody: body,
            DelaySeconds: delaySeconds,
          })),
        });
  if (answer === undefined) return;
  const ids =
    messages.length === 1
      ? [answer["MessageId"]]
      : (answer["Successful"] as { MessageId: string }[]).map(({ MessageId }) => MessageId);
  if (ids.length !== messages.length) field.attack.fail(`a batch failed: ${JSON.stringify(answer)}`);
  for (const [i, operation] of operations.entries()) {
    operation.messageId = ids[i] as string;
    operation.endedMs = performance.now();
  }
  field.attack.onAcknowledged();
}

/** Receives, and deletes most of it; some it gives back, keeps longer, or forgets. */
export async function consume(field: Field, random: Random): Promise<void> {
  while (!field.attack.stopped) {
    const messages = await receive(field, {
      max: random.between(1, 10),
      waitSeconds: random.between(0, 2),
      visibilitySeconds: random.between(1, 3),
    });
    const fates = messages.map((message) => ({
      message,
      fate: random.pickWeighted<"delete" | "return" | "keep" | "forget">([
        [14, "delete"],
        [2, "return"],
        [2, "keep"],
        [2, "forget"],
      ]),
    }));
    const of = (wanted: (typeof fates)[number]["fate"]) =>
      fates.filter(({ fate }) => fate === wanted).map(({ message }) => message);
    const batched = random.chance(0.5);
    await remove(field, of("delete"), batched);
    await changeVisibility(field, of("return"), 0, batched);
    await changeVisibility(field, of("keep"), random.between(1, 3), batched);
  }
}

/** Sends messages of which some are poison: `isPoison`. */
export async function produceSomePoison(field: Field, name: string, random: Random): Promise<void> {
  for (let number = 0; !field.attack.stopped; number++) {
    const messages = Array.from({ length: random.between(1, 10) }, (_, i) => {
      const key = `${name}-${number}-${i}${random.chance(0.3) ? poison : ""}`;
      return { key, delaySeconds: 0, body: `${key} ` };
    });
    await send(field, messages);
  }
}

const poison = "-poison";

/** Whether no consumer can work it off, and so none deletes it. */
export function isPoison({ key }: { readonly key: string }): boolean {
  return key.endsWith(poison);
}

/** Receives, and deletes most of what is no poison; never a message that is. */
export async function consumeSomePoison(field: Field, random: Random): Promise<void> {
  while (!field.attack.stopped) {
    const messages = await receive(field, {
      max: 10,
      waitSeconds: random.between(0, 1),
      visibilitySeconds: random.between(0, 1),
    });
    const sound = messages.filter((message) => !isPoison(message) && random.chance(0.9));
    await remove(field, sound, random.chance(0.5));
  }
}

export interface Held extends Delivery {
  readonly handle: string;
}

export async function receive(
  field: Field,
  asked: { readonly max: number; readonly waitSeconds: number; readonly visibilitySeconds: number },
): Promise<readonly Held[]> {
  const operation: Receive = {
    kind: "receive",
    visibilityMs: asked.visibilitySeconds * 1000,
    beganMs: performance.now(),
    endedMs: undefined,
    deliveries: [],
  };
  field.history.push(operation);
  const answer = await ask(field, "ReceiveMessage", {
    MaxNumberOfMessages: asked.max,
    WaitTimeSeconds: asked.waitSeconds,
    VisibilityTimeout: asked.visibilitySeconds,
    AttributeNames: ["ApproximateReceiveCount", "SequenceNumber"],
  });
  if (answer === undefined) return [];
  const messages = (answer["Messages"] ?? []) as {
    MessageId: string;
    ReceiptHandle: string;
    Body: string;
    Attributes: { ApproximateReceiveCount: string; SequenceNumber?: string };
  }[];
  const held = messages.map(({ MessageId, ReceiptHandle, Body, Attributes }) => ({
    key: Body.slice(0, Body.indexOf(" ")),
    messageId: MessageId,
    receiveCount: Number(Attributes.ApproximateReceiveCount),
    sequenceNumber: Attributes.SequenceNumber,
    handle: ReceiptHandle,
  }));
  operation.deliveries = held;
  operation.endedMs = performance.now();
  field.attack.onAcknowledged();
  return held;
}

/** Deletes messages by their handles, all in one call or each in its own. */
export async function remove(field: Field, messages: readonly Held[], batched: boolean): Promise<void> {
  await onEach(field, messages, {
    action: "DeleteMessage",
    batched,
    operation: ({ key }) => ({ kind: "delete", key, beganMs: performance.now(), endedMs: undefined }),
  });
}

async function changeVisibility(
  field: Field,
  messages: readonly Held[],
  seconds: number,
  batched: boolean,
): Promise<void> {
  await onEach(field, messages, {
    action: "ChangeMessageVisibility",
    batched,
    more: { VisibilityTimeout: seconds },
    operation: ({ key }) => ({
      kind: "visibility",
      key,
      visibilityMs: seconds * 1000,
      beganMs: performance.now(),
      endedMs: undefined,
    }),
  });
}

interface OnEach {
  readonly action: "DeleteMessage" | "ChangeMessageVisibility";
  readonly batched: boolean;
  readonly more?: object;
  operation(message: Held): Operation;
}

async function onEach(field: Field, messages: readonly Held[], each: OnEach): Promise<void> {
  if (messages.length === 0) return;
  const groups = each.batched ? [messages] : messages.map((message) => [message]);
  for (const group of groups) {
    const operations = group.map(each.operation);
    field.history.push(...operations);
    const entries = group.map(({ handle }, i) => ({ Id: String(i), ReceiptHandle: handle, ...each.more }));
    const [{ Id: _, ...single } = { Id: "" }] = entries;
    const answer = await (each.batched
      ? ask(field, `${each.action}Batch`, { Entries: entries })
      : ask(field, each.action, single, "may have gone"));
    if (answer === undefined) continue;
    const failed = new Set(((answer["Failed"] ?? []) as { Id: string }[]).map(({ Id }) => Id));
    for (const [i, operation] of operations.entries()) {
      if (answer === refused || failed.has(String(i))) strike(field.history, operation);
      else operation.endedMs = performance.now();
    }
    field.attack.onAcknowledged();
  }
}

/** What was refused had no effect. */
function strike(history: Operation[], operation: Operation): void {
  history.splice(history.lastIndexOf(operation), 1);
}

const refused: Readonly<Record<string, unknown>> = {};

/**
 * @param tolerance a message that another consumer deleted meanwhile is gone
 * @returns undefined when the answer is in doubt
 */
export async function ask(
  field: Field,
  action: string,
  input: object,
  tolerance?: "may have gone",
): Promise<Readonly<Record<string, unknown>> | undefined> {
  const { attack, queueName } = field;
  const { victim } = attack;
  let answer: Answer;
  try {
    const wire = jsonExchange(action, { QueueUrl: queueName, ...input });
    answer = await exchange(victim.url, signed(victim.url, wire), { timeoutMs });
  } catch (error) {
    // A server that nobody killed must answer; one that was killed is worth waiting for.
    if (victim.restarted === undefined) attack.fail(`${action} was not answered: ${error}`);
    await victim.restarted;
    return undefined;
  }
  if (answer.status === 200) return answer.body === "" ? {} : JSON.parse(answer.body);
  if (tolerance && answer.headers["x-amzn-query-error"] === "InvalidParameterValue;Sender") return refused;
  attack.fail(`${action} was answered ${answer.status} ${answer.body}`);
  return undefined;
}
