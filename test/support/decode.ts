import type { Result } from "../../src/lib/result.ts";
import { detect } from "../../src/protocols/detect.ts";
import type { WireRequest } from "../../src/protocols/protocol.ts";
import type { SqsError } from "../../src/queue/errors.ts";
import { sqsShapes } from "./sqs-shapes.ts";

/** Detects and decodes as the app does: the input of the action that the request names. */
export function decode(request: WireRequest): Result<unknown, SqsError> {
  const call = detect(request);
  if (!call.ok) return { ok: false, error: call.error.error };
  const { action, protocol } = call.value;
  if (!isKnown(action)) return { ok: false, error: protocol.unknownAction(action) };
  return call.value.decode(sqsShapes[action].input);
}

/** The decoded input; fails the test if there is none. */
export function decoded(request: WireRequest): unknown {
  const input = decode(request);
  if (!input.ok) throw new Error(`${input.error.kind}: ${input.error.message}`);
  return input.value;
}

/** `kind: message` of the error; fails the test if there is none. */
export function refused(request: WireRequest): string {
  const input = decode(request);
  if (input.ok) throw new Error(`decoded: ${JSON.stringify(input.value)}`);
  return `${input.error.kind}: ${input.error.message}`;
}

export function isKnown(action: string): action is keyof typeof sqsShapes {
  return Object.hasOwn(sqsShapes, action);
}
