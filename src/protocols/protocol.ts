import type { Result } from "../lib/result.ts";
import type { ActionError, SqsError } from "../queue/errors.ts";
import type { StructureShape } from "../shapes/shape.ts";

/** A request as bytes and names, before any of it is believed. */
export interface WireRequest {
  readonly method: string;
  /** Scheme and host that the client called: `http://localhost:8787`. */
  readonly origin: string;
  /** Path as sent, percent-encoding untouched: `/`, `/000000000000/my-queue`. */
  readonly path: string;
  /** Query string as sent, without the `?`. */
  readonly query: string;
  readonly headers: { get(name: string): string | null };
  readonly body: Uint8Array;
}

export interface WireResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Empty for actions without output in AWS JSON. */
  readonly body: string;
}

/** A request whose protocol and action are known, and whose input waits to be decoded. */
export interface WireCall {
  readonly protocol: Protocol;
  readonly service: ServiceName;
  /** As the client wrote it; whether there is such an action, the app knows. */
  readonly action: string;
  /** True if a Query request was sent to a queue's own URL, where SQS does not take CreateQueue and ListQueues. */
  readonly onQueuePath: boolean;
  /**
   * The action's input, checked for presence and type only.
   *
   * @returns `MissingParameter` or `SerializationException` otherwise.
   */
  decode(input: StructureShape): Result<unknown, SqsError>;
}

/** As signatures name the services that one endpoint answers for. */
export type ServiceName = "sqs" | "iam" | "sts" | "kms" | "sns";

/** One way to write answers down; it knows shapes, and no action by name. */
export interface Protocol {
  readonly name: "aws-json" | "aws-query";
  /** What every body of a successful answer with output begins with; white space may follow. */
  readonly opening: string;
  encode(action: string, output: StructureShape, value: unknown, stamp: Stamp): WireResponse;
  encodeError(error: ActionError, stamp: Stamp): WireResponse;
  /** What a client is told that asks for an action we do not have. */
  unknownAction(action: string): SqsError;
}

/** What every answer carries beside its value. */
export interface Stamp {
  readonly requestId: string;
  /** For the `Date` header, by which clients with a wrong clock correct themselves. */
  readonly nowMs: number;
}
