import { identitySql } from "../../scripts/identity-sql.ts";
import type { RunningServer } from "../../scripts/server.ts";
import { accessKeyOwner, newAccessKey, newUserId } from "../../src/auth/identity.ts";
import { createAccessKey } from "../../src/catalog/access-keys.ts";
import { rootKey, sealSecret } from "../../src/encryption/secrets.ts";
import { defaults } from "./server.ts";

export interface TestUser {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** `AIDA…` */
  readonly userId: string;
}

/** Gives a user an access key and full access, as an operator does; the server may be running. */
export async function addUser(
  { database }: RunningServer,
  user: { readonly account: string; readonly userName: string; readonly status?: "Active" | "Inactive" },
): Promise<TestUser> {
  const { accessKeyId, secretAccessKey } = newAccessKey();
  const secret = { text: secretAccessKey, owner: accessKeyOwner(accessKeyId) };
  const { userId } = await createAccessKey(database, {
    accessKeyId,
    account: user.account,
    userName: user.userName,
    userId: newUserId(),
    sealedSecret: sealSecret(rootKey(defaults.worker.ROOT_KEY), secret),
    status: user.status ?? "Active",
    createdAtSeconds: Math.floor(Date.now() / 1000),
  });
  await database
    .prepare(identitySql.putUserPolicy)
    .bind(user.account, user.userName, "FullAccess", fullAccess)
    .run();
  return { accessKeyId, secretAccessKey, userId };
}

const fullAccess = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}';
