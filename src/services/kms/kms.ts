import type { KmsKeyStore } from "../../catalog/kms/key-store.ts";
import type { ExternalKms } from "./external.ts";

/** What a deployment has of KMS. */
export interface Kms {
  readonly keys: KmsKeyStore;
  /** The KMS elsewhere that the keys of one account are in, if this deployment is set to use one. */
  readonly external: ExternalKms | undefined;
}
