import { ok } from "../../lib/result.ts";
import { boolean, integer, optional, required, string, timestamp } from "../../shapes/shape.ts";
import { keyAction } from "./key-action.ts";
import { keyArn } from "./key-arn.ts";
import { rotationInForce } from "./rotation.ts";

/**
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_GetKeyRotationStatus.html
 */
export const getKeyRotationStatus = keyAction({
  name: "GetKeyRotationStatus",
  crossAccount: true,
  state: "any",
  input: { KeyId: required(string) },
  output: {
    KeyRotationEnabled: required(boolean),
    KeyId: required(string),
    RotationPeriodInDays: optional(integer),
    NextRotationDate: optional(timestamp),
  },
  run: async ({ key }) => {
    const rotation = rotationInForce(key);
    return ok({
      KeyRotationEnabled: rotation !== undefined,
      KeyId: keyArn(key),
      RotationPeriodInDays: rotation?.days,
      NextRotationDate: rotation?.nextAtMs,
    });
  },
});
