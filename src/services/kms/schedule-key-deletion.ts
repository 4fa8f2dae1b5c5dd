import { ok } from "../../lib/result.ts";
import { limits } from "../../queue/limits.ts";
import { integer, optional, required, string, timestamp } from "../../shapes/shape.ts";
import { isWithin } from "./constraints.ts";
import { always, changeKey, keyAction } from "./key-action.ts";
import { keyArn } from "./key-arn.ts";
import { DAY_MS } from "./rotation.ts";

const { min, max, default: usual } = limits.kmsDeletionDays;

/**
 * Ends a key at a date to come; until then it cannot be used, and the end can be taken back. From that date on what
 * it encrypted is lost.
 *
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_ScheduleKeyDeletion.html
 */
export const scheduleKeyDeletion = keyAction({
  name: "ScheduleKeyDeletion",
  state: "notPendingDeletion",
  input: { KeyId: required(string), PendingWindowInDays: optional(integer) },
  output: {
    KeyId: required(string),
    DeletionDate: required(timestamp),
    KeyState: required(string),
    PendingWindowInDays: required(integer),
  },
  check: ({ PendingWindowInDays }) => [isWithin("pendingWindowInDays", PendingWindowInDays, { min, max })],
  conditions: ({ PendingWindowInDays }) => ({
    more: new Map([["kms:schedulekeydeletionpendingwindowindays", String(PendingWindowInDays ?? usual)]]),
  }),
  run: async ({ key, input: { PendingWindowInDays: days = usual }, ...context }) => {
    const deletionAtMs = context.nowMs + days * DAY_MS;
    const change = always((current) => ({ ...current, state: "PendingDeletion", deletionAtMs }));
    const changed = await changeKey(key, context, { state: "notPendingDeletion", change });
    if (!changed.ok) return changed;
    return ok({
      KeyId: keyArn(key),
      DeletionDate: deletionAtMs,
      KeyState: changed.value.state,
      PendingWindowInDays: days,
    });
  },
});
