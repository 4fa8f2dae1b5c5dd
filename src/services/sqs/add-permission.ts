import { err, ok } from "../../lib/result.ts";
import { grantProblem, withGrant } from "../../queue/permissions.ts";
import { list, required, string } from "../../shapes/shape.ts";
import { queueAction } from "../action.ts";
import { changePolicy } from "./change-policy.ts";

/**
 * Adds a statement to the queue's policy that allows actions to other accounts.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_AddPermission.html
 */
export const addPermission = queueAction({
  name: "AddPermission",
  outlivesClient: true,
  input: {
    QueueUrl: required(string),
    Label: required(string),
    AWSAccountIds: required(list(string, { queryName: "AWSAccountId" })),
    Actions: required(list(string, { queryName: "ActionName" })),
  },
  output: {},
  run: async ({ input, queue, ...context }) => {
    const grant = { label: input.Label, accounts: input.AWSAccountIds, actions: input.Actions };
    const problem = grantProblem(grant);
    if (problem) return err(problem);
    const changed = await changePolicy(queue.settings, context, (policy) =>
      withGrant(policy, grant, queue.settings),
    );
    return changed.ok ? ok({}) : changed;
  },
});
