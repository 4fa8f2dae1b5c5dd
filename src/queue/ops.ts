import type { Position } from "./position.ts";
import type { QueueSettings } from "./settings.ts";

/**
 * What can happen to a queue, one kind per arrow of a message's life (the diagram heads `engine.ts`). Ops are
 * what is stored: replaying them in order gives the state again. Instants are milliseconds since 1970.
 */
export type Op =
  | SendOp
  | LeaseOp
  | GroupLeaseOp
  | RepeatOp
  | VisibilityOp
  | AckOp
  | PurgeOp
  | RelocateOp
  | RejoinOp
  | SettingsOp
  | DeadLetterOutOp
  | DeadLetterDoneOp
  | DeadLetterBackOp
  | DeadLetterInOp
  | MoveStartOp
  | MoveOutOp
  | MoveEndOp
  | MoveInOp;

/** Messages enter at the next positions of the record that this op stands in. */
export interface SendOp {
  readonly kind: "send";
  /** The batch's UUID as 16 characters, one a byte; message ids derive from it. */
  readonly batch: string;
  readonly sentAtMs: number;
  readonly messages: readonly SentMessage[];
}

export interface SentMessage {
  readonly bodyBytes: number;
  /** 0: it joins the untouched backlog behind the cursor's path. */
  readonly delayMs: number;
  readonly groupId?: string;
  readonly dedupId?: string;
  /** Its index in the batch as it was sent, where that is not its index here: duplicates before it were left out. */
  readonly place?: number;
  /** Of a message that a move task brings: the id that its body was sealed under, as 16 characters. */
  readonly sealedAs?: string;
}

/** Messages are handed to a consumer and hidden until `visibleAtMs`. */
export interface LeaseOp {
  readonly kind: "lease";
  readonly atMs: number;
  readonly visibleAtMs: number;
  readonly nonce: number;
  /** Delivered before. */
  readonly returned: readonly Position[];
  /** Delayed until now, never delivered. */
  readonly woken: readonly FreshLease[];
  /** From the untouched backlog. Ascending. */
  readonly fresh: readonly FreshLease[];
  /** How many messages ever entered the backlog up to the last of `fresh`, that one included; 0 without any. */
  readonly freshConsumed: number;
}

/** A first delivery, with what later ones need to know of the message. */
export interface FreshLease {
  readonly position: Position;
  readonly sentAtMs: number;
}

/** The lease of a queue whose groups matter: messages may be taken out of the order of the backlog. */
export interface GroupLeaseOp {
  readonly kind: "groupLease";
  readonly atMs: number;
  readonly visibleAtMs: number;
  readonly nonce: number;
  /** The name that the client gave this receive. */
  readonly attempt: string | undefined;
  readonly returned: readonly Position[];
  readonly fresh: readonly GroupedLease[];
}

export interface GroupedLease extends FreshLease {
  /** How many messages entered the backlog before it. */
  readonly index: number;
  readonly groupId: string | undefined;
  /** Deliveries before this one, in the queue that it came from; 0 for a message that was sent here. */
  readonly receivedBefore: number;
  readonly firstReceivedAtMs: number;
}

/** A receive is given its messages once more, under the same handles, hidden anew. */
export interface RepeatOp {
  readonly kind: "repeat";
  readonly atMs: number;
  readonly visibleAtMs: number;
  readonly attempt: string;
}

/** Leases are extended or ended. */
export interface VisibilityOp {
  readonly kind: "visibility";
  readonly atMs: number;
  readonly changes: readonly { readonly position: Position; readonly visibleAtMs: number }[];
}

/** Messages are gone for good. */
export interface AckOp {
  readonly kind: "ack";
  readonly positions: readonly Position[];
}

/** All messages sent before are gone. */
export interface PurgeOp {
  readonly kind: "purge";
  readonly atMs: number;
}

/**
 * The last few messages of an old epoch are written again, so that its table can be dropped. Their identity
 * stays their first position; each takes one index of the record that this op stands in.
 */
export interface RelocateOp {
  readonly kind: "relocate";
  readonly messages: readonly RelocatedMessage[];
}

/**
 * Messages whose delay is over, and that nobody has received, are written again as part of the backlog: a
 * backlog of delayed messages must cost no more memory than any other. Nobody knows them yet, so their identity
 * changes.
 */
export interface RejoinOp {
  readonly kind: "rejoin";
  readonly messages: readonly RelocatedMessage[];
}

export interface RelocatedMessage {
  readonly position: Position;
  readonly batch: string;
  readonly batchIndex: number;
  readonly sentAtMs: number;
  readonly bodyBytes: number;
  readonly groupId?: string;
  readonly dedupId?: string;
  /** The queue whose dead letter it is, as an ARN. */
  readonly sourceArn?: string;
  /** The id that its body was sealed under, as 16 characters, where that is not its own. */
  readonly sealedAs?: string;
}

export interface SettingsOp {
  readonly kind: "settings";
  readonly atMs: number;
  readonly settings: QueueSettings;
}

/**
 * Messages that were received too often leave for the dead-letter queue: they take the next numbers of the
 * outbox, and stay in it until the other side has them.
 */
export interface DeadLetterOutOp {
  readonly kind: "deadLetterOut";
  readonly positions: readonly Position[];
}

/** The dead-letter queue has stored everything up to this number of the outbox. */
export interface DeadLetterDoneOp {
  readonly kind: "deadLetterDone";
  readonly upTo: number;
}

/** There is no dead-letter queue any more: what is in the outbox comes back, visible, as it was. */
export interface DeadLetterBackOp {
  readonly kind: "deadLetterBack";
  readonly atMs: number;
}

/** Dead letters of another queue enter the backlog, in the order of its outbox. */
export interface DeadLetterInOp {
  readonly kind: "deadLetterIn";
  /** The shard that sends them; its numbers only grow, so what comes twice is known. */
  readonly source: string;
  readonly sourceArn: string;
  readonly upTo: number;
  readonly atMs: number;
  readonly messages: readonly DeadLetter[];
}

export interface DeadLetter {
  /** The message's id as 16 characters: it keeps its own. */
  readonly id: string;
  readonly bodyBytes: number;
  /** Its first enqueue time on a standard queue; on a FIFO queue, when it came here. */
  readonly sentAtMs: number;
  readonly receiveCount: number;
  readonly firstReceivedAtMs: number;
  readonly groupId?: string;
  readonly dedupId?: string;
  /** The id that its body was sealed under, as 16 characters, where that is not its own. */
  readonly sealedAs?: string;
}

/** A move task begins: messages of this dead-letter queue go back, or to a queue that was named. */
export interface MoveStartOp {
  readonly kind: "moveStart";
  readonly taskId: string;
  readonly atMs: number;
  /** Undefined: each message goes to the queue that it came from. */
  readonly targetArn: string | undefined;
  /** Messages a second; undefined: as fast as the other side takes them. */
  readonly rate: number | undefined;
  /** Messages that could be moved when it began. */
  readonly toMove: number;
}

/** Messages that have just been leased take the next numbers of the outbox, for the queue at `targetArn`. */
export interface MoveOutOp {
  readonly kind: "moveOut";
  readonly targetArn: string;
  readonly positions: readonly Position[];
}

/** The running task is being cancelled, or is over. */
export interface MoveEndOp {
  readonly kind: "moveEnd";
  readonly status: MoveStatus;
  readonly reason: string | undefined;
}

export type MoveStatus = "RUNNING" | "COMPLETED" | "CANCELLING" | "CANCELLED" | "FAILED";

/** Messages moved here from a dead-letter queue: new ones, with new ids and times. */
export interface MoveInOp {
  readonly kind: "moveIn";
  readonly source: string;
  readonly upTo: number;
  readonly batch: string;
  readonly sentAtMs: number;
  readonly messages: readonly SentMessage[];
}
