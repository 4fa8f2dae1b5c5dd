import { materialOfCiphertext } from "../../encryption/kms-ciphertext.ts";
import { err, ok } from "../../lib/result.ts";
import { limits } from "../../queue/limits.ts";
import { blob, boolean, optional, required, string } from "../../shapes/shape.ts";
import { accountAction } from "../action.ts";
import { algorithmCondition, algorithmViolation, checkAlgorithm } from "./algorithms.ts";
import { check, hasByteLength, isKeyId } from "./constraints.ts";
import { checkContext } from "./encryption-context.ts";
import { dryRunSucceeded, invalidCiphertext, unsupported } from "./errors.ts";
import { keyRequest } from "./key-action.ts";
import { keyArn } from "./key-arn.ts";
import { openKeyOfCiphertext } from "./open-key.ts";
import { encryptionContext, grantTokens, recipient, symmetric } from "./shapes.ts";
import { decrypt as decryptUnder } from "./use-key.ts";

/**
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html
 */
export const decrypt = accountAction({
  name: "Decrypt",
  permission: "kms:Decrypt",
  concerns: "askedInRun",
  input: {
    CiphertextBlob: required(blob),
    EncryptionContext: optional(encryptionContext),
    GrantTokens: optional(grantTokens),
    KeyId: optional(string),
    EncryptionAlgorithm: optional(string),
    Recipient: optional(recipient),
    DryRun: optional(boolean),
  },
  output: {
    KeyId: required(string),
    Plaintext: required(blob),
    EncryptionAlgorithm: required(string),
    KeyMaterialId: required(string),
  },
  run: async ({ input, ...context }) => {
    const {
      CiphertextBlob: ciphertext,
      EncryptionContext: encryptionContext = new Map(),
      KeyId: name,
    } = input;
    const valid = check(
      hasByteLength("ciphertextBlob", ciphertext, { min: 1, max: limits.kmsCiphertextBytes }),
      isKeyId(name),
      algorithmViolation("encryptionAlgorithm", input.EncryptionAlgorithm),
    );
    if (!valid.ok) return valid;
    if (input.Recipient) return err(unsupported("Recipient"));
    const checked = checkContext(encryptionContext);
    if (!checked.ok) return checked;
    const named = materialOfCiphertext(ciphertext);
    if (!named) return err(invalidCiphertext);
    const key = await openKeyOfCiphertext(
      keyRequest(context),
      { keyId: named.keyId, name },
      {
        permission: "kms:Decrypt",
        state: "enabled",
        crossAccount: true,
        fromCopies: true,
        encryptionContext,
        more: algorithmCondition,
      },
    );
    if (!key.ok) return key;
    const algorithm = checkAlgorithm(input.EncryptionAlgorithm);
    if (!algorithm.ok) return algorithm;
    const decrypted = await decryptUnder(context.kms.keys, key.value, {
      ciphertext,
      context: encryptionContext,
    });
    if (!decrypted.ok) return decrypted;
    if (input.DryRun) return err(dryRunSucceeded);
    const { plaintext, materialId } = decrypted.value;
    return ok({
      KeyId: keyArn(key.value),
      Plaintext: plaintext,
      EncryptionAlgorithm: symmetric,
      KeyMaterialId: materialId,
    });
  },
});
