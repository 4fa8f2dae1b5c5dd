import { randomBytes } from "node:crypto";
import { toBase64 } from "../lib/bytes.ts";

export function rootArn(account: string): string {
  return `arn:aws:iam::${account}:root`;
}

/** @param path `/`, or `/division/team/` */
export function userArn(account: string, userName: string, path = "/"): string {
  return `arn:aws:iam::${account}:user${path}${userName}`;
}

/** @param path as of a user */
export function roleArn(account: string, roleName: string, path = "/"): string {
  return `arn:aws:iam::${account}:role${path}${roleName}`;
}

/** Of whoever has assumed a role. The role's path is not part of it. */
export function sessionArn(account: string, roleName: string, sessionName: string): string {
  return `arn:aws:sts::${account}:assumed-role/${roleName}/${sessionName}`;
}

/** The parts of a role's or managed policy's ARN; undefined for anything else. AWS's own policies are of account `aws`. */
export function parseIamArn(
  arn: string,
  kind: "role" | "policy",
): { readonly account: string; readonly name: string } | undefined {
  const form = /^arn:aws:iam::(\d{12}|aws):(role|policy)\/(?:[\x21-\x7e]{1,510}\/)?([\w+=,.@-]{1,128})$/;
  const [, account, named, name] = form.exec(arn) ?? [];
  return account !== undefined && name !== undefined && named === kind ? { account, name } : undefined;
}

/** What the secret of an access key is sealed for. */
export function accessKeyOwner(accessKeyId: string): string {
  return `access-key/${accessKeyId}`;
}

export interface NewAccessKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** A long-lived key in AWS's form: `AKIA` and 16 characters; 40 characters of base64 for the secret. */
export function newAccessKey(): NewAccessKey {
  return { accessKeyId: `AKIA${randomId(16)}`, secretAccessKey: toBase64(randomBytes(30)) };
}

/** A key of temporary credentials: `ASIA` and 16 characters. It comes with a session token. */
export function newSessionKey(): NewAccessKey {
  return { accessKeyId: `ASIA${randomId(16)}`, secretAccessKey: toBase64(randomBytes(30)) };
}

/** What can be a key of temporary credentials; any other is a long-lived one. */
export function isSessionKey(accessKeyId: string): boolean {
  return /^ASIA[A-Z2-7]{16}$/.test(accessKeyId);
}

/** A user's unique id in AWS's form: `AIDA` and 17 characters. */
export function newUserId(): string {
  return `AIDA${randomId(17)}`;
}

/** Likewise of a role. */
export function newRoleId(): string {
  return `AROA${randomId(17)}`;
}

/** Likewise of a managed policy. */
export function newPolicyId(): string {
  return `ANPA${randomId(17)}`;
}

/** @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
export function isUserName(text: string): boolean {
  return /^[\w+=,.@-]{1,64}$/.test(text);
}

export function isAccount(text: string): boolean {
  return /^\d{12}$/.test(text);
}

/** Five bits a character. */
function randomId(length: number): string {
  return Array.from(randomBytes(length), (byte) => base32.charAt(byte & 31)).join("");
}

const base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
