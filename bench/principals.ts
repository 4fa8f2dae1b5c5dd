import {
  AttachRolePolicyCommand,
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  IAMClient,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
} from "@aws-sdk/client-iam";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { inlinePolicy, managedPolicies, team, trustPolicy } from "./policies.ts";
import type { Account } from "./signer.ts";

/** Who signs beside the account's root, both with three managed policies and one of their own. */
export interface BenchPrincipals {
  readonly user: Account;
  /** By AssumeRole, for an hour. */
  readonly roleSession: Account;
}

/**
 * Makes a user and a role as their administrator does: over IAM and STS.
 *
 * @param root signs for it
 * @param rootAccountId 12 digits
 */
export async function createPrincipals(root: Account, rootAccountId: string): Promise<BenchPrincipals> {
  const iam = new IAMClient(clientConfig(root));
  const UserName = "bench-user";
  const RoleName = "bench-role";
  const Tags = [team];
  await iam.send(new CreateUserCommand({ UserName, Tags }));
  const AssumeRolePolicyDocument = trustPolicy(rootAccountId);
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName, Tags, AssumeRolePolicyDocument }));
  const RoleArn = known(Role?.Arn);
  for (const [PolicyName, PolicyDocument] of Object.entries(managedPolicies)) {
    const { Policy } = await iam.send(new CreatePolicyCommand({ PolicyName, PolicyDocument }));
    const PolicyArn = known(Policy?.Arn);
    await iam.send(new AttachUserPolicyCommand({ UserName, PolicyArn }));
    await iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn }));
  }
  const inline = { PolicyName: "Own", PolicyDocument: inlinePolicy(RoleArn) };
  await iam.send(new PutUserPolicyCommand({ UserName, ...inline }));
  await iam.send(new PutRolePolicyCommand({ RoleName, ...inline }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  const user: Account = {
    endpoint: root.endpoint,
    region: root.region,
    accessKeyId: known(AccessKey?.AccessKeyId),
    secretAccessKey: known(AccessKey?.SecretAccessKey),
  };

  // Not by root, which may assume no role.
  const sts = new STSClient(clientConfig(user));
  const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: "bench" }));
  const roleSession: Account = {
    endpoint: root.endpoint,
    region: root.region,
    accessKeyId: known(Credentials?.AccessKeyId),
    secretAccessKey: known(Credentials?.SecretAccessKey),
    sessionToken: known(Credentials?.SessionToken),
  };
  iam.destroy();
  sts.destroy();
  return { user, roleSession };
}

/** Of an SDK client of any service. */
export function clientConfig({ endpoint, region, ...credentials }: Account) {
  const { accessKeyId, secretAccessKey } = credentials;
  return { endpoint, region, credentials: { accessKeyId, secretAccessKey } };
}

function known(text: string | undefined): string {
  if (text === undefined) throw new Error("an answer of IAM or STS lacks what it is asked for");
  return text;
}
