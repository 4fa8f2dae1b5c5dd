import { materialOfCiphertext } from "../../encryption/kms-ciphertext.ts";
import { err, ok } from "../../lib/result.ts";
import { limits } from "../../queue/limits.ts";
import { blob, boolean, optional, required, string } from "../../shapes/shape.ts";
import { accountAction } from "../action.ts";
import { algorithmViolation, checkAlgorithm } from "./algorithms.ts";
import { check, hasByteLength, isKeyId } from "./constraints.ts";
import { checkContext } from "./encryption-context.ts";
import { dryRunSucceeded, invalidCiphertext } from "./errors.ts";
import { keyRequest } from "./key-action.ts";
import { keyArn } from "./key-arn.ts";
import { type KeyUse, openKey, openKeyOfCiphertext } from "./open-key.ts";
import { encryptionContext, grantTokens, symmetric } from "./shapes.ts";
import { currentMaterialId, decrypt, encrypt } from "./use-key.ts";

/**
 * Decrypts and encrypts again, under another key or in another context; the client never sees the text.
 *
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_ReEncrypt.html
 */
export const reEncrypt = accountAction({
  name: "ReEncrypt",
  permission: "kms:ReEncryptFrom",
  concerns: "askedInRun",
  input: {
    CiphertextBlob: required(blob),
    SourceEncryptionContext: optional(encryptionContext),
    SourceKeyId: optional(string),
    DestinationKeyId: required(string),
    DestinationEncryptionContext: optional(encryptionContext),
    SourceEncryptionAlgorithm: optional(string),
    DestinationEncryptionAlgorithm: optional(string),
    GrantTokens: optional(grantTokens),
    DryRun: optional(boolean),
  },
  output: {
    CiphertextBlob: required(blob),
    SourceKeyId: required(string),
    KeyId: required(string),
    SourceEncryptionAlgorithm: required(string),
    DestinationEncryptionAlgorithm: required(string),
    SourceKeyMaterialId: required(string),
    DestinationKeyMaterialId: required(string),
  },
  run: async ({ input, ...context }) => {
    const { CiphertextBlob: ciphertext, SourceKeyId, DestinationKeyId } = input;
    const { SourceEncryptionContext: fromContext = new Map() } = input;
    const { DestinationEncryptionContext: toContext = new Map() } = input;
    const { SourceEncryptionAlgorithm, DestinationEncryptionAlgorithm } = input;
    const valid = check(
      hasByteLength("ciphertextBlob", ciphertext, { min: 1, max: limits.kmsCiphertextBytes }),
      isKeyId(SourceKeyId, "sourceKeyId"),
      isKeyId(DestinationKeyId, "destinationKeyId"),
      algorithmViolation("sourceEncryptionAlgorithm", SourceEncryptionAlgorithm),
      algorithmViolation("destinationEncryptionAlgorithm", DestinationEncryptionAlgorithm),
    );
    if (!valid.ok) return valid;
    for (const each of [fromContext, toContext]) {
      const checked = checkContext(each);
      if (!checked.ok) return checked;
    }
    const named = materialOfCiphertext(ciphertext);
    if (!named) return err(invalidCiphertext);
    const request = keyRequest(context);
    const { keys } = context.kms;
    const source = await openKeyOfCiphertext(
      request,
      { keyId: named.keyId, name: SourceKeyId },
      { ...use, permission: "kms:ReEncryptFrom", encryptionContext: fromContext },
    );
    if (!source.ok) return source;
    const destination = await openKey(
      request,
      { name: DestinationKeyId, aliases: true },
      { ...use, permission: "kms:ReEncryptTo", encryptionContext: toContext },
    );
    if (!destination.ok) return destination;
    for (const algorithm of [SourceEncryptionAlgorithm, DestinationEncryptionAlgorithm]) {
      const checked = checkAlgorithm(algorithm);
      if (!checked.ok) return checked;
    }
    const decrypted = await decrypt(keys, source.value, { ciphertext, context: fromContext });
    if (!decrypted.ok) return decrypted;
    if (input.DryRun) return err(dryRunSucceeded);
    const { plaintext, materialId } = decrypted.value;
    return ok({
      CiphertextBlob: await encrypt(keys, destination.value, { plaintext, context: toContext }),
      SourceKeyId: keyArn(source.value),
      KeyId: keyArn(destination.value),
      SourceEncryptionAlgorithm: symmetric,
      DestinationEncryptionAlgorithm: symmetric,
      SourceKeyMaterialId: materialId,
      DestinationKeyMaterialId: currentMaterialId(destination.value),
    });
  },
});

const use = { state: "enabled", crossAccount: true, fromCopies: true } as const satisfies Partial<KeyUse>;
