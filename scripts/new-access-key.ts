import { accessKeyOwner, newAccessKey } from "../src/auth/identity.ts";
import type { RootAccessKey } from "../src/catalog/access-keys.ts";
import { rootKey, sealSecret } from "../src/encryption/secrets.ts";
import { rootKeyForm } from "./deployment-secrets.ts";
import { localSettings } from "./local-settings.ts";
import { UserError } from "./user-error.ts";

export interface NewKey {
  /** The only place where the secret is in clear. */
  readonly secretAccessKey: string;
  /** All that is stored of it but whose it is. */
  readonly stored: RootAccessKey;
}

/**
 * An active access key with its secret sealed for a deployment or for this machine's data.
 *
 * @throws UserError when the root key to seal it under is not known.
 */
export function makeKey(of: { readonly account: string; readonly remote: boolean }): NewKey {
  const sealing = rootKey(rootKeySetting(of.remote));
  const { accessKeyId, secretAccessKey } = newAccessKey();
  const sealedSecret = sealSecret(sealing, { text: secretAccessKey, owner: accessKeyOwner(accessKeyId) });
  const createdAtSeconds = Math.floor(Date.now() / 1000);
  const { account } = of;
  return {
    secretAccessKey,
    stored: { accessKeyId, account, sealedSecret, status: "Active", createdAtSeconds },
  };
}

/** The key for machines to read, and for people whose it is. */
export function showKey({ secretAccessKey, stored }: NewKey, whose: string): void {
  console.log(`AWS_ACCESS_KEY_ID=${stored.accessKeyId}\nAWS_SECRET_ACCESS_KEY=${secretAccessKey}`);
  console.error(`Access key of ${whose}. The secret is not shown again.`);
}

/** A deployment has a root key of its own; the local default would seal for nobody. */
function rootKeySetting(remote: boolean): string {
  const value = remote ? process.env["ROOT_KEY"] : localSettings().worker.ROOT_KEY;
  if (value === undefined || !rootKeyForm.test(value)) {
    throw new UserError("Set ROOT_KEY to the root key of the deployment: 32 bytes in base64.");
  }
  return value;
}
