import { ok } from "../../lib/result.ts";
import { limits } from "../../queue/limits.ts";
import { integer, optional, required, string } from "../../shapes/shape.ts";
import { isWithin } from "./constraints.ts";
import { always, changeKey, keyAction } from "./key-action.ts";
import { rotationFrom } from "./rotation.ts";

const { min, max, default: usual } = limits.kmsRotationDays;

/**
 * Has a key rotate by itself, for the first time a period from now. Of a key that does so already, only another period
 * changes anything.
 *
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_EnableKeyRotation.html
 */
export const enableKeyRotation = keyAction({
  name: "EnableKeyRotation",
  state: "enabled",
  input: { KeyId: required(string), RotationPeriodInDays: optional(integer) },
  output: {},
  check: ({ RotationPeriodInDays }) => [isWithin("rotationPeriodInDays", RotationPeriodInDays, { min, max })],
  conditions: ({ RotationPeriodInDays }) => ({
    more: new Map([["kms:rotationperiodindays", String(RotationPeriodInDays ?? usual)]]),
  }),
  run: async ({ key, input: { RotationPeriodInDays: days = usual }, ...context }) => {
    const change = always((current) =>
      current.rotation?.days === days ? current : { ...current, rotation: rotationFrom(context.nowMs, days) },
    );
    const changed = await changeKey(key, context, { state: "enabled", change });
    return changed.ok ? ok({}) : changed;
  },
});
