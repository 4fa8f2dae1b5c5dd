import { randomBytes } from "node:crypto";
import { err, ok } from "../../lib/result.ts";
import { limits } from "../../queue/limits.ts";
import { blob, integer, optional, required, string } from "../../shapes/shape.ts";
import { accountAction } from "../action.ts";
import { authorizeInAccount } from "./authorize-key.ts";
import { check, isWithin } from "./constraints.ts";
import { kmsError, unsupported } from "./errors.ts";
import { recipient } from "./shapes.ts";

/**
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_GenerateRandom.html
 */
export const generateRandom = accountAction({
  name: "GenerateRandom",
  permission: "kms:GenerateRandom",
  concerns: "askedInRun",
  input: {
    NumberOfBytes: optional(integer),
    CustomKeyStoreId: optional(string),
    Recipient: optional(recipient),
  },
  output: { Plaintext: required(blob) },
  run: async ({ input: { NumberOfBytes: length, CustomKeyStoreId, Recipient }, caller, facts }) => {
    const valid = check(isWithin("numberOfBytes", length, { min: 1, max: limits.kmsRandomBytes }));
    if (!valid.ok) return valid;
    const access = { permission: "kms:GenerateRandom", arn: "*", account: caller.account };
    const allowed = authorizeInAccount(caller, access, facts);
    if (!allowed.ok) return allowed;
    if (CustomKeyStoreId !== undefined) return err(unsupported("A custom key store"));
    if (Recipient) return err(unsupported("Recipient"));
    if (length === undefined) return err(kmsError("ValidationException", "NumberOfBytes is required."));
    return ok({ Plaintext: new Uint8Array(randomBytes(length)) });
  },
});
