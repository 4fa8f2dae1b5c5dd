import { managedPolicies } from "../../auth/managed-policies.ts";
import { ok } from "../../lib/result.ts";
import { boolean, type Infer, members, optional, required, string } from "../../shapes/shape.ts";
import type { RequestContext } from "../action.ts";
import { constraints, violated } from "./constraints.ts";
import { awsPolicyArns, listedAwsPolicy, listedPolicy, policyShape } from "./entity-shapes.ts";
import { iamAction } from "./iam-action.ts";
import { pageChecks, pageInput, pageOutput, readPage, writePage } from "./page.ts";

/**
 * The account's policies by name, and then those of AWS by ARN.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListPolicies.html
 */
export const listPolicies = iamAction({
  name: "ListPolicies",
  input: {
    Scope: optional(string),
    OnlyAttached: optional(boolean),
    PathPrefix: optional(string),
    PolicyUsageFilter: optional(string),
    ...pageInput,
  },
  output: { Policies: required(members(policyShape)), ...pageOutput },
  check: (input) =>
    violated([
      ["scope", input.Scope, constraints.scope],
      ["pathPrefix", input.PathPrefix, constraints.policyPath],
      ["policyUsageFilter", input.PolicyUsageFilter, constraints.usage],
      ...pageChecks(input),
    ]),
  // IAM knows no permission to list some policies.
  find: () => ({ arn: "*", found: ok(undefined) }),
  run: async ({ input, caller: { account }, identities }) => {
    const { Scope = "All", PathPrefix: pathPrefix = "/", OnlyAttached: onlyAttached = false } = input;
    const list = { account, action: "ListPolicies", of: `${Scope} ${onlyAttached} ${pathPrefix}` };
    const page = readPage(input, list);
    if (!page.ok) return page;
    // No policy is anybody's boundary.
    if (input.PolicyUsageFilter === "PermissionsBoundary") return ok({ Policies: [], IsTruncated: false });
    const { after, limit } = page.value;
    const wanted = { pathPrefix, onlyAttached };
    const isPastOwn = after.startsWith("arn:");
    const own =
      Scope === "AWS" || isPastOwn
        ? []
        : (await identities.listPolicies(account, { ...wanted, after, limit })).map(listedPolicy);
    const awsToo = Scope !== "Local" && own.length < limit;
    const ofAws = awsToo ? await listAws(wanted, { account, identities }) : [];
    const found = [...own, ...ofAws.filter(({ Arn }) => !isPastOwn || Arn > after)];
    const isOwn = ({ Arn }: Shown) => !awsPolicyArns.includes(Arn);
    const keyOf = (policy: Shown) => (isOwn(policy) ? policy.PolicyName : policy.Arn);
    const { items, ...end } = writePage(page.value, found, { list, keyOf });
    return ok({ Policies: items, ...end });
  },
});

type Shown = Infer<typeof policyShape>;

async function listAws(
  { pathPrefix, onlyAttached }: { readonly pathPrefix: string; readonly onlyAttached: boolean },
  { account, identities }: { readonly account: string } & Pick<RequestContext, "identities">,
): Promise<readonly Shown[]> {
  const counts = await identities.attachmentCounts(account, awsPolicyArns);
  return managedPolicies
    .filter(({ path }) => path.startsWith(pathPrefix))
    .map((policy) => listedAwsPolicy(policy, counts.get(policy.arn) ?? 0))
    .filter(({ AttachmentCount }) => !onlyAttached || AttachmentCount > 0);
}
