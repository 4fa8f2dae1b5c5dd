import { err, ok, type Result } from "../../lib/result.ts";
import type { ServiceError } from "../../queue/errors.ts";
import { kmsError } from "./errors.ts";
import type { Home, KeyRef } from "./key-arn.ts";

/**
 * Reads how a client names a key. The name may still lead nowhere. Keys of other accounts are named by ARN only, those
 * of other regions not at all.
 *
 * @returns `NotFoundException`, or `InvalidArnException` for the ARN of something else
 */
export function parseKeyRef(text: string, home: Home): Result<KeyRef, ServiceError> {
  if (text.startsWith("alias/")) return ok({ kind: "alias", ...home, name: text });
  if (!text.startsWith("arn:")) return keyRef(text, { ...home, keyId: text });
  const parts = /^arn:aws:kms:([a-z0-9-]+):(\d{12}):(key|alias)\/(.+)$/.exec(text);
  const [, region, account, kind, name] = parts ?? [];
  if (region === undefined || account === undefined || name === undefined) {
    return err(kmsError("InvalidArnException", `${text} is not the ARN of a KMS key or alias.`));
  }
  if (region !== home.region) return err(kmsError("NotFoundException", `Invalid arn ${region}`));
  return kind === "alias"
    ? ok({ kind: "alias", account, region, name: `alias/${name}` })
    : keyRef(text, { account, region, keyId: name });
}

/** Likewise, where KMS takes no alias. */
export function parseKeyRefWithoutAlias(text: string, home: Home): Result<KeyRef, ServiceError> {
  const ref = parseKeyRef(text, home);
  return ref.ok && ref.value.kind === "alias" ? err(invalidKeyId(text)) : ref;
}

/** The id of a multi-Region key is well-formed too, though there are none here. */
const keyIdForm = /^(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|mrk-[0-9a-f]{32})$/;

function keyRef(text: string, ref: Home & { readonly keyId: string }): Result<KeyRef, ServiceError> {
  return keyIdForm.test(ref.keyId) ? ok({ kind: "key", ...ref }) : err(invalidKeyId(text));
}

function invalidKeyId(text: string): ServiceError {
  return kmsError("NotFoundException", `Invalid keyId '${text}'`);
}
