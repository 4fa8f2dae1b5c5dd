import { randomBytes } from "node:crypto";
import type { KmsKey } from "../../catalog/kms/keys.ts";
import type { EncryptionContext } from "../../encryption/kms-ciphertext.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import type { ServiceError } from "../../queue/errors.ts";
import { limits } from "../../queue/limits.ts";
import { blob, boolean, integer, optional, required, string } from "../../shapes/shape.ts";
import { isOneOf, isWithin, type Violation } from "./constraints.ts";
import { dryRunSucceeded, kmsError, unsupported } from "./errors.ts";
import { keyAction } from "./key-action.ts";
import { keyArn } from "./key-arn.ts";
import type { Kms } from "./kms.ts";
import { encryptionContext, grantTokens, recipient } from "./shapes.ts";
import { currentMaterialId, encrypt } from "./use-key.ts";

const input = {
  KeyId: required(string),
  EncryptionContext: optional(encryptionContext),
  NumberOfBytes: optional(integer),
  KeySpec: optional(string),
  GrantTokens: optional(grantTokens),
  DryRun: optional(boolean),
};

const output = {
  CiphertextBlob: required(blob),
  KeyId: required(string),
  KeyMaterialId: required(string),
};

const action = { aliases: true, crossAccount: true, fromCopies: true, state: "enabled" } as const;

interface Wanted {
  readonly EncryptionContext?: EncryptionContext | undefined;
  readonly NumberOfBytes?: number | undefined;
  readonly KeySpec?: string | undefined;
  readonly DryRun?: boolean | undefined;
}

interface DataKey {
  readonly Plaintext: Uint8Array;
  readonly CiphertextBlob: Uint8Array;
  readonly KeyId: string;
  readonly KeyMaterialId: string;
}

/**
 * Random bytes, and the same bytes encrypted under the key.
 *
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_GenerateDataKey.html
 */
export const generateDataKey = keyAction({
  name: "GenerateDataKey",
  ...action,
  input: { ...input, Recipient: optional(recipient) },
  output: { Plaintext: required(blob), ...output },
  check: violations,
  conditions: ({ EncryptionContext }) => ({ encryptionContext: EncryptionContext }),
  run: async ({ input, key, kms }) =>
    input.Recipient ? err(unsupported("Recipient")) : await generate(input, key, kms),
});

/**
 * The same, without the bytes in clear.
 *
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_GenerateDataKeyWithoutPlaintext.html
 */
export const generateDataKeyWithoutPlaintext = keyAction({
  name: "GenerateDataKeyWithoutPlaintext",
  ...action,
  input,
  output,
  check: violations,
  conditions: ({ EncryptionContext }) => ({ encryptionContext: EncryptionContext }),
  run: async ({ input, key, kms }) => await generate(input, key, kms),
});

const keyBytes: Readonly<Record<string, number | undefined>> = { AES_256: 32, AES_128: 16 };

function violations({ NumberOfBytes, KeySpec }: Wanted): readonly Violation[] {
  return [
    isWithin("numberOfBytes", NumberOfBytes, { min: 1, max: limits.kmsRandomBytes }),
    isOneOf("keySpec", KeySpec, Object.keys(keyBytes)),
  ];
}

/** What is answered beyond an action's output is left out of its answer. */
async function generate(
  { EncryptionContext: context = new Map(), NumberOfBytes, KeySpec, DryRun }: Wanted,
  key: KmsKey,
  { keys }: Kms,
): Promise<Result<DataKey, ServiceError>> {
  const length = KeySpec === undefined ? NumberOfBytes : keyBytes[KeySpec];
  if (length === undefined || (KeySpec !== undefined && NumberOfBytes !== undefined)) {
    return err(kmsError("ValidationException", "Please specify either number of bytes or key spec."));
  }
  if (DryRun) return err(dryRunSucceeded);
  const plaintext = new Uint8Array(randomBytes(length));
  return ok({
    Plaintext: plaintext,
    CiphertextBlob: await encrypt(keys, key, { plaintext, context }),
    KeyId: keyArn(key),
    KeyMaterialId: currentMaterialId(key),
  });
}
