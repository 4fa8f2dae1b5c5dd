import type { MoveStatus } from "../queue/ops.ts";
import type { Position } from "../queue/position.ts";
import type { QueueSettings } from "../queue/settings.ts";

/**
 * What a Worker asks of a shard, and what it is answered. Plain data: it crosses the object boundary by
 * structured clone, and both sides may be one release apart, so fields are added, never changed.
 *
 * Instants are the shard's; the Worker hands over durations in milliseconds.
 */
export type ShardCall =
  | SendCall
  | ReceiveCall
  | DeleteCall
  | ChangeVisibilityCall
  | CountCall
  | PurgeCall
  | StartMoveCall
  | ListMovesCall
  | CancelMoveCall;

/** One call with the settings it was authorized against. */
export interface ShardRequest {
  readonly settingsVersion: number;
  readonly call: ShardCall;
}

/** Stores messages, once: a batch id seen before is answered again and not stored again. */
export interface SendCall {
  readonly kind: "send";
  /** UUID. Message `i` of the batch has the id `messageIdOf(batchId, i)`. */
  readonly batchId: string;
  readonly messages: readonly OutgoingMessage[];
}

export interface OutgoingMessage {
  /** What the client wrote, sealed by the Worker; opaque here. Never a view into a larger buffer. */
  readonly sealed: Uint8Array;
  readonly delayMs: number;
  /** These two, and the name of a receive, are blinded by the Worker: alike for what is alike, and no user's words. */
  readonly groupId?: string;
  readonly dedupId?: string;
}

export interface ReceiveCall {
  readonly kind: "receive";
  readonly max: number;
  readonly visibilityMs: number;
  /** ReceiveRequestAttemptId of a FIFO queue, blinded. */
  readonly attempt?: string;
  /** The doorbell this receive answers; it keeps its place in the line if there is nothing. */
  readonly waiter?: string;
}

export interface LeaseRef {
  readonly position: Position;
  /** Which delivery of the message the handle was given for. */
  readonly nonce: number;
}

export interface DeleteCall {
  readonly kind: "delete";
  readonly leases: readonly LeaseRef[];
}

export interface ChangeVisibilityCall {
  readonly kind: "changeVisibility";
  readonly changes: readonly (LeaseRef & { readonly visibilityMs: number })[];
}

export interface CountCall {
  readonly kind: "count";
}

export interface PurgeCall {
  readonly kind: "purge";
  /** 0, or SQS's 60 seconds where its timing is kept strictly. */
  readonly minIntervalMs: number;
}

export type ShardReply<C extends ShardCall = ShardCall> =
  | Refusal
  | (C extends SendCall
      ? Sent
      : C extends ReceiveCall
        ? Received
        : C extends DeleteCall
          ? Done
          : C extends ChangeVisibilityCall
            ? VisibilityChanged
            : C extends CountCall
              ? Counted
              : C extends PurgeCall
                ? Purged
                : C extends StartMoveCall
                  ? MoveStarted
                  : C extends ListMovesCall
                    ? MovesListed
                    : MoveCancelled);

/** The caller's settings are not the shard's: nothing was done. */
export type Refusal =
  /** The caller's are older; here are the shard's. */
  | { readonly kind: "stale"; readonly settings: QueueSettings }
  /** The shard's are older, or it has none: `configure` it from the catalog, if the queue is still there. */
  | { readonly kind: "unconfigured" };

export interface Sent {
  readonly kind: "sent";
  /** Where each message stands, in the order of the request; sequence numbers come from them. */
  readonly positions: readonly Position[];
  /** Of a FIFO queue: each message's id, which is its original's if it is a duplicate. */
  readonly messageIds?: readonly string[];
}

export interface Received {
  readonly kind: "received";
  readonly messages: readonly DeliveredMessage[];
  /** Nothing was leased because 120,000 messages are in flight. */
  readonly overLimit: boolean;
}

export interface DeliveredMessage extends LeaseRef {
  readonly messageId: string;
  /** The epoch whose table the message was read from; it travels in the receipt handle. */
  readonly epoch: number;
  readonly sealed: Uint8Array;
  readonly sentAtMs: number;
  readonly receiveCount: number;
  readonly firstReceivedAtMs: number;
  readonly groupId?: string;
  readonly dedupId?: string;
  /** The queue whose dead letter it is, as an ARN. */
  readonly sourceArn?: string;
  /** UUID that its body was sealed under, where that is not its id: a move task brought it. */
  readonly sealedAs?: string;
}

export interface Done {
  readonly kind: "done";
  /** Of a FIFO queue, one per lease: a handle that is not the latest, or past its timeout, deletes nothing. */
  readonly outcomes?: readonly ("deleted" | "expired")[];
}

export interface VisibilityChanged {
  readonly kind: "visibilityChanged";
  /** One per change asked for, in order. */
  readonly outcomes: readonly VisibilityOutcome[];
}

/** `gone`: deleted, expired or purged. `beyondLimit`: more than 12 hours after its receive. */
export type VisibilityOutcome = "changed" | "gone" | "beyondLimit" | "expired";

export interface Counted {
  readonly kind: "counted";
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
}

export interface Purged {
  readonly kind: "purged";
  /** False when another purge was less than `minIntervalMs` ago. */
  readonly accepted: boolean;
}

/** The answer had no room left for this receive: ask again. */
export interface Deferred {
  readonly kind: "deferred";
}

/** The shard holds as much as an object may: this send was not stored. Deletes still are, so it can be drained. */
export interface Full {
  readonly kind: "full";
}

/** This call made the shard fail; the others beside it did not. */
export interface Failed {
  readonly kind: "failed";
}

/** What `run` answers to each call. */
export type Answer = ShardReply | Deferred | Full | Failed;

/** The request header that carries a `DoorbellRequest` as JSON. */
export const DOORBELL_HEADER = "edge-sqs-doorbell";

/** What a Worker asks for when it opens a doorbell. */
export interface DoorbellRequest {
  readonly settingsVersion: number;
  /** Names the waiter in the receive that answers the ring. */
  readonly id: string;
  readonly max: number;
  readonly waitMs: number;
}

/** Dead letters on their way from one shard to another, some of an outbox in its order. */
export interface Parcel {
  /** The shard that sends them, for ever the same name. */
  readonly source: string;
  readonly sourceArn: string;
  /** The number of the last one in the sender's outbox; `letters` have the numbers that end with it. */
  readonly upTo: number;
  /** Of a move task: where they go, as new messages. Undefined: they are dead letters. */
  readonly targetArn?: string;
  /** Of dead letters: where the policy sent them when they left. Only the sender looks at it. */
  readonly redriveArn?: string;
  readonly letters: readonly Letter[];
}

export interface Letter {
  /** Its place in the sender's outbox: what comes twice is known by it. */
  readonly number: number;
  readonly messageId: string;
  readonly sealed: Uint8Array;
  readonly sentAtMs: number;
  readonly receiveCount: number;
  readonly firstReceivedAtMs: number;
  readonly groupId?: string;
  /** UUID that its body was sealed under, where that is not its id: a move task brought it to the sender. */
  readonly sealedAs?: string;
}

/** Begins to move this queue's messages to another, or each back to where it came from. */
export interface StartMoveCall {
  readonly kind: "startMove";
  /** UUID. */
  readonly taskId: string;
  readonly targetArn?: string;
  /** Messages a second. */
  readonly rate?: number;
}

export interface MoveStarted {
  readonly kind: "moveStarted";
  /** False while another task is running. */
  readonly accepted: boolean;
}

export interface ListMovesCall {
  readonly kind: "listMoves";
}

export interface MovesListed {
  readonly kind: "movesListed";
  /** Newest first, at most ten. */
  readonly tasks: readonly MoveTaskView[];
}

export interface MoveTaskView {
  readonly taskId: string;
  readonly status: MoveStatus;
  readonly targetArn?: string;
  readonly rate?: number;
  readonly startedAtMs: number;
  readonly moved: number;
  readonly toMove: number;
  /** Of a task that failed. */
  readonly reason?: string;
}

export interface CancelMoveCall {
  readonly kind: "cancelMove";
  readonly taskId: string;
}

export interface MoveCancelled {
  readonly kind: "moveCancelled";
  /** Messages moved until then; undefined if no such task is running. */
  readonly moved?: number;
}
