import { ok } from "../../lib/result.ts";
import { optional, required, string } from "../../shapes/shape.ts";
import { keyAction } from "./key-action.ts";
import { grantTokens, keyMetadata, metadataOf } from "./shapes.ts";

/**
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html
 */
export const describeKey = keyAction({
  name: "DescribeKey",
  aliases: true,
  crossAccount: true,
  state: "any",
  input: { KeyId: required(string), GrantTokens: optional(grantTokens) },
  output: { KeyMetadata: required(keyMetadata) },
  run: async ({ key }) => ok({ KeyMetadata: metadataOf(key) }),
});
