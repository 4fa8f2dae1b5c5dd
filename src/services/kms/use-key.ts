import type { KmsKeyStore } from "../../catalog/kms/key-store.ts";
import type { KmsKey } from "../../catalog/kms/keys.ts";
import {
  type EncryptionContext,
  materialOfCiphertext,
  openUnderKmsKey,
  sealUnderKmsKey,
} from "../../encryption/kms-ciphertext.ts";
import { kmsMaterialId } from "../../encryption/kms-material.ts";
import { assert, err, ok, type Result } from "../../lib/result.ts";
import type { ServiceError } from "../../queue/errors.ts";
import { invalidCiphertext } from "./errors.ts";

/** Under the key's current material. Who may, was asked before. */
export async function encrypt(
  keys: KmsKeyStore,
  { keyId, materialVersion: version }: KmsKey,
  text: { readonly plaintext: Uint8Array; readonly context: EncryptionContext },
): Promise<Uint8Array> {
  const material = await keys.findMaterial({ keyId, version });
  assert(material !== undefined, `KMS key ${keyId} has no material ${version}`);
  return sealUnderKmsKey(material, text);
}

/** What `encrypt` made, under whichever material the key had then. @returns `InvalidCiphertextException` */
export async function decrypt(
  keys: KmsKeyStore,
  { keyId }: KmsKey,
  text: { readonly ciphertext: Uint8Array; readonly context: EncryptionContext },
): Promise<Result<{ readonly plaintext: Uint8Array; readonly materialId: string }, ServiceError>> {
  const named = materialOfCiphertext(text.ciphertext);
  const material = named?.keyId === keyId ? await keys.findMaterial(named) : undefined;
  const plaintext = material && openUnderKmsKey(material, text);
  return material && plaintext
    ? ok({ plaintext, materialId: kmsMaterialId(material) })
    : err(invalidCiphertext);
}

/** What clients know the key's current material by. */
export function currentMaterialId({ keyId, materialVersion: version }: KmsKey): string {
  return kmsMaterialId({ keyId, version });
}
