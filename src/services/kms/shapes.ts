import type { KmsKey } from "../../catalog/kms/keys.ts";
import {
  boolean,
  entries,
  integer,
  members,
  optional,
  required,
  string,
  structure,
  timestamp,
} from "../../shapes/shape.ts";
import { keyArn } from "./key-arn.ts";
import { currentMaterialId } from "./use-key.ts";

/** What several actions of KMS take or answer. KMS speaks AWS JSON alone: names for Query mean nothing here. */

export const encryptionContext = entries(string);

/** Taken and not looked at: there are no grants, so a token adds no permission. */
export const grantTokens = members(string);

export const tagList = members(structure({ TagKey: required(string), TagValue: required(string) }));

/** What no deployment of ours can answer for: an enclave, whose attestation only AWS can check. */
export const recipient = structure({});

/** How clients ask for one page of a list. */
export const pageInput = { Limit: optional(integer), Marker: optional(string) };
export const pageOutput = { NextMarker: optional(string), Truncated: required(boolean) };

export const keyMetadata = structure({
  AWSAccountId: required(string),
  KeyId: required(string),
  Arn: required(string),
  CreationDate: required(timestamp),
  Enabled: required(boolean),
  Description: required(string),
  KeyUsage: required(string),
  KeyState: required(string),
  DeletionDate: optional(timestamp),
  Origin: required(string),
  KeyManager: required(string),
  CustomerMasterKeySpec: required(string),
  KeySpec: required(string),
  EncryptionAlgorithms: required(members(string)),
  MultiRegion: required(boolean),
  CurrentKeyMaterialId: required(string),
});

export const symmetric = "SYMMETRIC_DEFAULT";

/** A value of `keyMetadata`. */
export function metadataOf(key: KmsKey) {
  return {
    AWSAccountId: key.account,
    KeyId: key.keyId,
    Arn: keyArn(key),
    CreationDate: key.createdAtMs,
    Enabled: key.state === "Enabled",
    Description: key.description,
    KeyUsage: "ENCRYPT_DECRYPT",
    KeyState: key.state,
    DeletionDate: key.deletionAtMs,
    Origin: "AWS_KMS",
    KeyManager: key.manager,
    CustomerMasterKeySpec: symmetric,
    KeySpec: symmetric,
    EncryptionAlgorithms: [symmetric],
    MultiRegion: false,
    CurrentKeyMaterialId: currentMaterialId(key),
  };
}
