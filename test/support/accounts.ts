import { IAM } from "@aws-sdk/client-iam";
import { KMS } from "@aws-sdk/client-kms";
import { SNS } from "@aws-sdk/client-sns";
import { type Credentials, STS } from "@aws-sdk/client-sts";
import { identitySql } from "../../scripts/identity-sql.ts";
import type { RunningServer } from "../../scripts/server.ts";
import { accessKeyOwner, newAccessKey } from "../../src/auth/identity.ts";
import { accessKeySql, createRootParameters } from "../../src/catalog/access-keys.ts";
import { rootKey, sealSecret } from "../../src/encryption/secrets.ts";
import { addUser } from "./access-keys.ts";
import { policyTo } from "./callers.ts";
import { rootSigner } from "./raw-http.ts";
import { type Sdk, type Sqs, sdks } from "./sdks.ts";
import { defaults } from "./server.ts";

/** Two accounts of a served Worker, and whoever acts in them, made through its own IAM and STS. */

export interface Key {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface User extends Key {
  readonly name: string;
  readonly arn: string;
  /** `AIDA…` */
  readonly userId: string;
}

export interface Role {
  readonly name: string;
  readonly arn: string;
}

/** The deployment's first account, and another. */
export const ours = "000000000000";
export const theirs = "111111111111";
export const region = "us-east-1";

/** The older SDK speaks Query. */
export const [json, query] = sdks as readonly [Sdk, Sdk];

export const queueArn = (name: string, account: string = ours) => `arn:aws:sqs:${region}:${account}:${name}`;
export const nameOf = (queueUrl: string) => queueUrl.slice(queueUrl.lastIndexOf("/") + 1);

/** A resource's policy of these statements. */
export const policyOf = (...statements: readonly object[]) =>
  JSON.stringify({ Version: "2012-10-17", Statement: statements });

export class Accounts {
  readonly server: RunningServer;
  /** The root of our account. */
  readonly root: Key = rootSigner;
  /** May do everything in our account; not its root, so that policies may deny that. */
  readonly admin: Key;
  readonly theirRoot: Key;
  /** Likewise in theirs. */
  readonly theirAdmin: Key;
  #names = 0;
  /** Making one costs more than a request. */
  readonly #clients = new WeakMap<Key, ReadonlyMap<Sdk, Sqs>>();

  private constructor(server: RunningServer, keys: Pick<Accounts, "admin" | "theirRoot" | "theirAdmin">) {
    this.server = server;
    this.admin = keys.admin;
    this.theirRoot = keys.theirRoot;
    this.theirAdmin = keys.theirAdmin;
  }

  static async on(server: RunningServer): Promise<Accounts> {
    return new Accounts(server, {
      theirRoot: await addAccount(server, theirs),
      admin: await addUser(server, { account: ours, userName: "admin" }),
      theirAdmin: await addUser(server, { account: theirs, userName: "admin" }),
    });
  }

  fresh(prefix: string): string {
    return `${prefix}-${++this.#names}`;
  }

  sqs(key: Key = this.admin, sdk: Sdk = json): Sqs {
    const known = this.#clients.get(key)?.get(sdk);
    if (known) return known;
    const client = sdk.connect(this.server.url, { credentials: key });
    this.#clients.set(key, new Map(this.#clients.get(key)).set(sdk, client));
    return client;
  }

  /** A client that signs nothing. */
  anonymous(sdk: Sdk = json): Sqs {
    return sdk.connect(this.server.url, { signer: { sign: async (request) => request } });
  }

  iam(key: Key = this.admin): IAM {
    return new IAM(this.#client(key));
  }

  sts(key: Key = this.admin): STS {
    return new STS(this.#client(key));
  }

  sns(key: Key = this.admin): SNS {
    return new SNS(this.#client(key));
  }

  kms(key: Key = this.admin): KMS {
    return new KMS(this.#client(key));
  }

  /** Of our account unless another's admin makes it. Without policies it may do nothing. */
  async addUser({
    by = this.admin,
    name = this.fresh("user"),
    policy,
    tags = {},
  }: {
    readonly by?: Key;
    readonly name?: string;
    readonly policy?: object | undefined;
    readonly tags?: Readonly<Record<string, string>>;
  } = {}): Promise<User> {
    const iam = this.iam(by);
    const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
    const { User } = await iam.createUser({ UserName: name, Tags });
    if (policy) {
      await iam.putUserPolicy({ UserName: name, PolicyName: "p", PolicyDocument: JSON.stringify(policy) });
    }
    const { AccessKey } = await iam.createAccessKey({ UserName: name });
    return {
      name,
      arn: User?.Arn ?? "",
      userId: User?.UserId ?? "",
      accessKeyId: AccessKey?.AccessKeyId ?? "",
      secretAccessKey: AccessKey?.SecretAccessKey ?? "",
    };
  }

  async removeUser({ name, accessKeyId }: User): Promise<void> {
    const iam = this.iam();
    await iam.deleteAccessKey({ UserName: name, AccessKeyId: accessKeyId });
    const { PolicyNames = [] } = await iam.listUserPolicies({ UserName: name });
    for (const PolicyName of PolicyNames) await iam.deleteUserPolicy({ UserName: name, PolicyName });
    await iam.deleteUser({ UserName: name });
  }

  /** Trusts everybody who may assume roles. */
  async addRole({
    by = this.admin,
    name = this.fresh("role"),
    policy,
  }: {
    readonly by?: Key;
    readonly name?: string;
    readonly policy?: object;
  } = {}): Promise<Role> {
    const iam = this.iam(by);
    const trust = policyOf({ Effect: "Allow", Principal: { AWS: "*" }, Action: "sts:AssumeRole" });
    const { Role } = await iam.createRole({ RoleName: name, AssumeRolePolicyDocument: trust });
    if (policy) {
      await iam.putRolePolicy({ RoleName: name, PolicyName: "p", PolicyDocument: JSON.stringify(policy) });
    }
    return { name, arn: Role?.Arn ?? "" };
  }

  /** @param sessionPolicy limits the session */
  async assume(
    { arn }: Role,
    session = "one",
    { by = this.admin, sessionPolicy }: { readonly by?: Key; readonly sessionPolicy?: object } = {},
  ): Promise<Key> {
    const { Credentials } = await this.sts(by).assumeRole({
      RoleArn: arn,
      RoleSessionName: session,
      ...(sessionPolicy && { Policy: JSON.stringify(sessionPolicy) }),
    });
    return keyOf(Credentials);
  }

  /** @returns its URL */
  async createQueue(
    name = this.fresh("queue"),
    attributes: Readonly<Record<string, string>> = {},
    by: Key = this.admin,
  ): Promise<string> {
    const { QueueUrl = "" } = await this.sqs(by).createQueue({ QueueName: name, Attributes: attributes });
    return QueueUrl;
  }

  #client(credentials: Key) {
    return { endpoint: this.server.url, region, credentials, maxAttempts: 1 };
  }
}

/** As an operator makes one. @returns the access key of its root */
async function addAccount({ database }: RunningServer, account: string): Promise<Key> {
  const { accessKeyId, secretAccessKey } = newAccessKey();
  const nowSeconds = Math.floor(Date.now() / 1000);
  const secret = { text: secretAccessKey, owner: accessKeyOwner(accessKeyId) };
  const key = {
    ...({ accessKeyId, account, status: "Active", createdAtSeconds: nowSeconds } as const),
    sealedSecret: sealSecret(rootKey(defaults.worker.ROOT_KEY), secret),
  };
  await database.batch([
    database.prepare(identitySql.createAccount).bind(account, "another", nowSeconds),
    database.prepare(accessKeySql.createRoot).bind(...createRootParameters(key)),
  ]);
  return { accessKeyId, secretAccessKey };
}

export function keyOf(issued: Credentials | undefined): Key {
  const { AccessKeyId = "", SecretAccessKey = "", SessionToken = "" } = issued ?? {};
  return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
}

/** What a user's, role's or session's own policy says of SQS. A denial wins over what it allows as well. */
export const identityPolicies = {
  allows: policyTo("Allow", "sqs:*"),
  silent: policyTo("Allow", "sns:*"),
  denies: {
    Version: "2012-10-17",
    Statement: [
      { Effect: "Allow", Action: "*", Resource: "*" },
      { Effect: "Deny", Action: "sqs:*", Resource: "*" },
    ],
  },
} as const;
