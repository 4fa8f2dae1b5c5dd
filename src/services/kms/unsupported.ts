import { err } from "../../lib/result.ts";
import { accountAction } from "../action.ts";
import { unsupported } from "./errors.ts";

/**
 * What else KMS does: with grants, with other kinds of keys, with other places for keys to be. A client is told that it
 * is not done here, whoever it is.
 */
export const unsupportedActions = [
  "ConnectCustomKeyStore",
  "CreateCustomKeyStore",
  "CreateGrant",
  "DeleteCustomKeyStore",
  "DeleteImportedKeyMaterial",
  "DeriveSharedSecret",
  "DescribeCustomKeyStores",
  "DisconnectCustomKeyStore",
  "GenerateDataKeyPair",
  "GenerateDataKeyPairWithoutPlaintext",
  "GenerateMac",
  "GetKeyLastUsage",
  "GetParametersForImport",
  "GetPublicKey",
  "ImportKeyMaterial",
  "ListGrants",
  "ListRetirableGrants",
  "ReplicateKey",
  "RetireGrant",
  "RevokeGrant",
  "Sign",
  "UpdateCustomKeyStore",
  "UpdatePrimaryRegion",
  "Verify",
  "VerifyMac",
].map((name) =>
  accountAction({
    name,
    permission: `kms:${name}`,
    concerns: "askedInRun",
    input: {},
    output: {},
    run: async () => err(unsupported(name)),
  }),
);
