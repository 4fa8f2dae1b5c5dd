import { ok } from "../../lib/result.ts";
import { members, required, string } from "../../shapes/shape.ts";
import { keyAction } from "./key-action.ts";
import { readPage } from "./page.ts";
import { pageInput, pageOutput } from "./shapes.ts";

/**
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_ListKeyPolicies.html
 */
export const listKeyPolicies = keyAction({
  name: "ListKeyPolicies",
  state: "any",
  input: { KeyId: required(string), ...pageInput },
  output: { PolicyNames: required(members(string)), ...pageOutput },
  run: async ({ input }) => {
    const request = readPage(input, { max: 1000, usual: 100 });
    return request.ok ? ok({ PolicyNames: ["default"], Truncated: false }) : request;
  },
});
