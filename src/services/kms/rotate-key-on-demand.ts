import { err, ok } from "../../lib/result.ts";
import { limits } from "../../queue/limits.ts";
import { required, string } from "../../shapes/shape.ts";
import { kmsError, notFound } from "./errors.ts";
import { guarded, keyAction } from "./key-action.ts";
import { keyArn } from "./key-arn.ts";

/**
 * Gives a key new material now. What its former material encrypted stays readable, and the date of its next rotation
 * by itself stays as it is.
 *
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_RotateKeyOnDemand.html
 */
export const rotateKeyOnDemand = keyAction({
  name: "RotateKeyOnDemand",
  state: "enabled",
  input: { KeyId: required(string) },
  output: { KeyId: required(string) },
  run: async ({ key, kms, nowMs }) => {
    const change = guarded({
      state: "enabled",
      nowMs,
      change: (current) =>
        current.onDemandRotations >= limits.kmsOnDemandRotations
          ? err(tooMany)
          : ok({ ...current, onDemandRotations: current.onDemandRotations + 1 }),
    });
    const rotated = await kms.keys.rotateKey(key, { type: "ON_DEMAND", nowMs }, change);
    if (rotated === undefined) return err(notFound({ kind: "key", ...key }));
    return rotated.ok ? ok({ KeyId: keyArn(key) }) : rotated;
  },
});

const tooMany = kmsError(
  "LimitExceededException",
  `A key must not be rotated on demand more than ${limits.kmsOnDemandRotations} times.`,
);
