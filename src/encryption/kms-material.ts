import { createHash, randomBytes } from "node:crypto";
import { fromBase64, toBase64, toHex } from "../lib/bytes.ts";
import { assert } from "../lib/result.ts";
import { openSecret, type RootKeys, sealSecret } from "./secrets.ts";

/** Which material of which KMS key: each rotation brings a key another one, and what is encrypted names its own. */
export interface KmsMaterialName {
  /** UUID. */
  readonly keyId: string;
  /** From 1. */
  readonly version: number;
}

/** What a KMS key encrypts and decrypts with, opened. */
export interface KmsMaterial extends KmsMaterialName {
  /** 32. */
  readonly bytes: Uint8Array;
}

/** New random material, sealed to be stored. */
export function newKmsMaterial(keys: RootKeys, name: KmsMaterialName): string {
  return sealSecret(keys, { text: toBase64(randomBytes(MATERIAL_BYTES)), owner: kmsMaterialOwner(name) });
}

/** @throws for what does not open, or is another key's: that is corruption or an attack, never the client's doing */
export function openKmsMaterial(keys: RootKeys, sealed: string, name: KmsMaterialName): KmsMaterial {
  const text = openSecret(keys, sealed, kmsMaterialOwner(name));
  assert(text.ok, `the material ${kmsMaterialOwner(name)} does not open: ${text.ok ? "" : text.error}`);
  const bytes = fromBase64(text.value);
  assert(bytes?.length === MATERIAL_BYTES, `the material ${kmsMaterialOwner(name)} is none`);
  return { ...name, bytes };
}

/** What material is sealed for, under the root key. */
export function kmsMaterialOwner({ keyId, version }: KmsMaterialName): string {
  return `kms-key/${keyId}/${version}`;
}

/** What clients know material by: 64 digits of lower-case hex, which tell nothing of it. */
export function kmsMaterialId({ keyId, version }: KmsMaterialName): string {
  const hash = createHash("sha256").update(`edge-sqs kms material id\n${keyId}/${version}`);
  return toHex(hash.digest());
}

const MATERIAL_BYTES = 32;
