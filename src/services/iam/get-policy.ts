import { ok } from "../../lib/result.ts";
import { required, string } from "../../shapes/shape.ts";
import { constraints, violated } from "./constraints.ts";
import { policyShape, shownAwsPolicy, shownPolicy } from "./entity-shapes.ts";
import { iamAction } from "./iam-action.ts";
import { policySubject } from "./subjects.ts";

/**
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetPolicy.html
 */
export const getPolicy = iamAction({
  name: "GetPolicy",
  input: { PolicyArn: required(string) },
  output: { Policy: required(policyShape) },
  check: ({ PolicyArn }) => violated([["policyArn", PolicyArn, constraints.policyArn]]),
  find: ({ PolicyArn }, context) => policySubject(PolicyArn, context),
  run: async ({ found, caller, identities }) => {
    if (found.kind === "stored") return ok({ Policy: shownPolicy(found.policy) });
    const counts = await identities.attachmentCounts(caller.account, [found.arn]);
    return ok({ Policy: shownAwsPolicy(found.policy, counts.get(found.arn) ?? 0) });
  },
});
