import { err, ok } from "../../lib/result.ts";
import { limits } from "../../queue/limits.ts";
import { blob, boolean, optional, required, string } from "../../shapes/shape.ts";
import { algorithmCondition, algorithmViolation, checkAlgorithm } from "./algorithms.ts";
import { hasByteLength } from "./constraints.ts";
import { dryRunSucceeded } from "./errors.ts";
import { keyAction } from "./key-action.ts";
import { keyArn } from "./key-arn.ts";
import { encryptionContext, grantTokens, symmetric } from "./shapes.ts";
import { encrypt as encryptUnder } from "./use-key.ts";

/**
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_Encrypt.html
 */
export const encrypt = keyAction({
  name: "Encrypt",
  aliases: true,
  crossAccount: true,
  fromCopies: true,
  state: "enabled",
  input: {
    KeyId: required(string),
    Plaintext: required(blob),
    EncryptionContext: optional(encryptionContext),
    GrantTokens: optional(grantTokens),
    EncryptionAlgorithm: optional(string),
    DryRun: optional(boolean),
  },
  output: { CiphertextBlob: required(blob), KeyId: required(string), EncryptionAlgorithm: required(string) },
  check: ({ Plaintext, EncryptionAlgorithm }) => [
    hasByteLength("plaintext", Plaintext, { min: 1, max: limits.kmsPlaintextBytes }),
    algorithmViolation("encryptionAlgorithm", EncryptionAlgorithm),
  ],
  conditions: ({ EncryptionContext }) => ({ encryptionContext: EncryptionContext, more: algorithmCondition }),
  run: async ({ input, key, kms }) => {
    const algorithm = checkAlgorithm(input.EncryptionAlgorithm);
    if (!algorithm.ok) return algorithm;
    const { Plaintext: plaintext, EncryptionContext: context = new Map() } = input;
    if (input.DryRun) return err(dryRunSucceeded);
    const ciphertext = await encryptUnder(kms.keys, key, { plaintext, context });
    return ok({ CiphertextBlob: ciphertext, KeyId: keyArn(key), EncryptionAlgorithm: symmetric });
  },
});
