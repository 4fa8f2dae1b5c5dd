import { randomUUID } from "node:crypto";
import type { Result } from "../../src/lib/result.ts";
import type { ActionError } from "../../src/queue/errors.ts";
import { defaultFifoAttributes } from "../../src/queue/fifo-attributes.ts";
import type { FifoAttributes, QueueAttributes, QueueSettings } from "../../src/queue/settings.ts";
import type { OpenQueue, QueueAction, ReceiveRequest, RequestContext } from "../../src/services/action.ts";
import type {
  DeliveredMessage,
  Done,
  Sent,
  ShardCall,
  ShardReply,
  VisibilityOutcome,
} from "../../src/shard/calls.ts";

import { userCaller } from "./callers.ts";
import { testBlinding, testBodies } from "./encryption.ts";

/** A queue that stores nothing: it records what it is asked, and answers as it was told. */
export interface FakeQueue extends OpenQueue {
  readonly calls: ShardCall[];
  readonly receives: ReceiveRequest[];
}

interface Told {
  readonly attributes?: Partial<QueueAttributes>;
  /** Of a FIFO queue. */
  readonly sent?: Omit<Sent, "kind">;
  /** Of a FIFO queue. */
  readonly deletions?: NonNullable<Done["outcomes"]>;
  readonly outcomes?: readonly VisibilityOutcome[];
  readonly deliveries?: readonly DeliveredMessage[];
  readonly overLimit?: boolean;
}

export function fakeQueue(told: Told): FakeQueue {
  const calls: ShardCall[] = [];
  const receives: ReceiveRequest[] = [];
  return {
    settings: testSettings(told.attributes),
    calls,
    receives,
    call: async (call) => {
      calls.push(call);
      return answer(call, told) as never;
    },
    receive: async (request) => {
      receives.push(request);
      return { kind: "received", messages: told.deliveries ?? [], overLimit: told.overLimit ?? false };
    },
  };
}

function answer(call: ShardCall, told: Told): ShardReply {
  switch (call.kind) {
    case "send":
      return { kind: "sent", ...(told.sent ?? { positions: call.messages.map((_, index) => index) }) };
    case "delete":
      return { kind: "done", ...(told.deletions && { outcomes: told.deletions }) };
    case "changeVisibility":
      return { kind: "visibilityChanged", outcomes: told.outcomes ?? [] };
    default:
      throw new Error(`no action under test makes the call ${call.kind}`);
  }
}

/** What makes a queue a FIFO queue. */
export function fifoOf(fifo: Partial<FifoAttributes> = {}): { readonly fifo: FifoAttributes } {
  return { fifo: { ...defaultFifoAttributes, ...fifo } };
}

export function testSettings(attributes: Partial<QueueAttributes> = {}): QueueSettings {
  return {
    uid: "5b0f4d8e-6f0c-4f43-9a2e-0d6f1a2b3c4d",
    account: "000000000000",
    region: "us-east-1",
    name: "orders",
    version: 1,
    createdAtSeconds: 1_700_000_000,
    modifiedAtSeconds: 1_700_000_000,
    handleKey: "AAECAwQFBgcICQoLDA0ODw",
    attributes: {
      delaySeconds: 0,
      maximumMessageBytes: 1_048_576,
      retentionSeconds: 345_600,
      waitSeconds: 0,
      visibilitySeconds: 30,
      sqsManagedSse: true,
      ...attributes,
    },
  };
}

/** Runs an action as the framework does once it has found the queue, without a shard, catalog or network. */
export async function run(
  action: QueueAction,
  queue: OpenQueue,
  input: Readonly<Record<string, unknown>>,
  context: Partial<
    Pick<RequestContext, "traceHeader" | "bodies" | "caller" | "facts" | "kms" | "nowMs">
  > = {},
): Promise<Result<unknown, ActionError>> {
  const caller = { ...userCaller("000000000000", "worker"), userId: "AIDAWORKER" };
  const request = {
    traceHeader: undefined,
    batchId: randomUUID(),
    bodies: testBodies,
    blinding: testBlinding,
    caller,
    ...context,
    queue,
    input: { QueueUrl: "orders", ...input },
  };
  return action.run(request as never);
}

/** The answer of an action that succeeds, or a failure that names the error. */
export async function answerOf<T = Readonly<Record<string, unknown>>>(
  running: Promise<Result<unknown, ActionError>>,
): Promise<T> {
  const result = await running;
  if (!result.ok) throw new Error(`${result.error.kind}: ${result.error.message}`);
  return result.value as T;
}

/** `kind: message` of an action that fails. */
export async function errorOf(running: Promise<Result<unknown, ActionError>>): Promise<string> {
  const result = await running;
  if (result.ok) throw new Error("the action succeeded");
  return `${result.error.kind}: ${result.error.message}`;
}

/** A message attribute map as protocols hand it over. */
export function attributeMap(
  attributes: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
): ReadonlyMap<string, unknown> {
  return new Map(Object.entries(attributes));
}
