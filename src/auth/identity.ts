import { randomBytes } from "node:crypto";
import { toBase64 } from "../lib/bytes.ts";

export function rootArn(account: string): string {
  return `arn:aws:iam::${account}:root`;
}

export function userArn(account: string, userName: string): string {
  return `arn:aws:iam::${account}:user/${userName}`;
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

/** A user's unique id in AWS's form: `AIDA` and 17 characters. */
export function newUserId(): string {
  return `AIDA${randomId(17)}`;
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
