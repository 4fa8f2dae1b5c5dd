import { accessKeyOwner, newAccessKey } from "../../auth/identity.ts";
import { err, ok } from "../../lib/result.ts";
import { limits } from "../../queue/limits.ts";
import { optional, required, string, structure, timestamp } from "../../shapes/shape.ts";
import { constraints, violated } from "./constraints.ts";
import { iamErrors } from "./errors.ts";
import { iamAction } from "./iam-action.ts";
import { keyOwnerSubject } from "./subjects.ts";

/**
 * The secret is shown this once. Without a name it is about the caller: an account's root makes a key of its own.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccessKey.html
 */
export const createAccessKey = iamAction({
  name: "CreateAccessKey",
  input: { UserName: optional(string) },
  output: {
    AccessKey: required(
      structure({
        UserName: optional(string),
        AccessKeyId: required(string),
        Status: required(string),
        SecretAccessKey: required(string),
        CreateDate: required(timestamp),
      }),
    ),
  },
  check: ({ UserName }) => violated([["userName", UserName, constraints.name]]),
  find: ({ UserName }, context) => keyOwnerSubject(UserName, context),
  changes: true,
  run: async ({ found: owner, identities, sealSecret, nowMs }) => {
    const { accessKeyId, secretAccessKey } = newAccessKey();
    const made = await identities.createKey(owner, {
      accessKeyId,
      sealedSecret: sealSecret({ text: secretAccessKey, owner: accessKeyOwner(accessKeyId) }),
      createdAtSeconds: Math.floor(nowMs / 1000),
    });
    if (made === "gone") return err(iamErrors.noSuchUser(owner.userName));
    if (made === "tooMany") return err(iamErrors.quota("AccessKeysPerUser", limits.accessKeysPerUser));
    return ok({
      AccessKey: {
        UserName: made.userName || undefined,
        AccessKeyId: made.accessKeyId,
        Status: made.status,
        SecretAccessKey: secretAccessKey,
        CreateDate: made.createdAtSeconds * 1000,
      },
    });
  },
});
