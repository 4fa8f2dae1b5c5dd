import { err, ok } from "../../lib/result.ts";
import { sqsError } from "../../queue/errors.ts";
import { required, string } from "../../shapes/shape.ts";
import { constraints, violated } from "./constraints.ts";
import { iamErrors } from "./errors.ts";
import { iamAction } from "./iam-action.ts";
import { policySubject } from "./subjects.ts";

/** Nobody changes what AWS manages, not even an account's root. */
export const outsideOwnAccount = sqsError("AccessDenied", "Policy is outside your own account.");

/**
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeletePolicy.html
 */
export const deletePolicy = iamAction({
  name: "DeletePolicy",
  input: { PolicyArn: required(string) },
  output: {},
  check: ({ PolicyArn }) => violated([["policyArn", PolicyArn, constraints.policyArn]]),
  find: ({ PolicyArn }, context) => policySubject(PolicyArn, context),
  changes: true,
  run: async ({ found, identities }) => {
    if (found.kind === "aws") return err(outsideOwnAccount);
    switch (await identities.deletePolicy(found.policy)) {
      case "deleted":
        return ok({});
      case "attached":
        return err(iamErrors.isAttached);
      case "gone":
        return err(iamErrors.noSuchPolicy(found.arn));
    }
  },
});
