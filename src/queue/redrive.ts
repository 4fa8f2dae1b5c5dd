import { limits } from "./limits.ts";
import type { Position } from "./position.ts";
import { queueArn } from "./queue-arn.ts";
import { parseRedrivePolicy, type RedrivePolicy } from "./redrive-policy.ts";
import type { QueueSettings } from "./settings.ts";
import type { QueueState, TouchedMessage } from "./state.ts";

/** How many messages one receive moves at most: what it answers must not wait for a long clean-up. */
const DEAD_LETTERS_AT_ONCE = 100;

/** Visible messages of a standard queue that the next receive would deliver once too often, oldest first. */
export function deadLetters(state: QueueState, nowMs: number): Position[] {
  if (!state.derived.redrive) return [];
  const exhausted = (position: Position) => {
    const message = state.touched.get(position);
    return message?.hidden === false && isExhausted(state, message, nowMs);
  };
  return state.derived.ready
    .smallest(DEAD_LETTERS_AT_ONCE, exhausted, limits.lookedAtPerReceive)
    .map(([position]) => position);
}

/**
 * Whether a message was delivered as often as the redrive policy allows. While there is no dead-letter queue to
 * take it, it goes on being delivered.
 */
export function isExhausted(state: QueueState, message: TouchedMessage, nowMs: number): boolean {
  const { redrive, redrivePausedUntilMs } = state.derived;
  return (
    redrive !== undefined && nowMs >= redrivePausedUntilMs && message.receiveCount >= redrive.maxReceiveCount
  );
}

/** Where dead letters go; undefined without a policy that can be followed. */
export function redriveArn(state: QueueState): string | undefined {
  const { redrive } = state.derived;
  return redrive && queueArn(redrive.target);
}

/** A message's number in the outbox, if it is on its way to the dead-letter queue: who deletes it now means it. */
export function outNumberOf(state: QueueState, position: Position): number | undefined {
  for (const [number, outbound] of state.outbox) if (outbound.position === position) return number;
  return undefined;
}

/** The redrive policy as far as it can be followed: a queue that is its own dead-letter queue has none. */
export function redriveOf(settings: QueueSettings): RedrivePolicy | undefined {
  const text = settings.attributes.redrivePolicy;
  const policy = text === undefined ? undefined : parseRedrivePolicy(text);
  if (!policy?.ok) return undefined;
  return queueArn(policy.value.target) === queueArn(settings) ? undefined : policy.value;
}
