import { kmsMaterialId } from "../../encryption/kms-material.ts";
import { err, ok } from "../../lib/result.ts";
import { members, optional, required, string, structure, timestamp } from "../../shapes/shape.ts";
import { isOneOf } from "./constraints.ts";
import { keyAction } from "./key-action.ts";
import { invalidMarker, readPage, writePage } from "./page.ts";
import { pageInput, pageOutput } from "./shapes.ts";

/**
 * Lists the rotations that a key has had, the first one first, or all that it has encrypted with.
 *
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_ListKeyRotations.html
 */
export const listKeyRotations = keyAction({
  name: "ListKeyRotations",
  state: "any",
  input: { KeyId: required(string), IncludeKeyMaterial: optional(string), ...pageInput },
  output: {
    Rotations: required(
      members(
        structure({
          KeyId: required(string),
          KeyMaterialId: required(string),
          KeyMaterialState: required(string),
          RotationDate: optional(timestamp),
          RotationType: optional(string),
        }),
      ),
    ),
    ...pageOutput,
  },
  check: ({ IncludeKeyMaterial }) => [
    isOneOf("includeKeyMaterial", IncludeKeyMaterial, ["ALL_KEY_MATERIAL", "ROTATIONS_ONLY"]),
  ],
  run: async ({ key, input, kms }) => {
    const request = readPage(input, { max: 1000, usual: 100 });
    if (!request.ok) return request;
    const { after, limit } = request.value;
    if (!/^\d{0,9}$/.test(after)) return err(invalidMarker);
    const { keyId, materialVersion } = key;
    // The first material came with the key.
    const first = input.IncludeKeyMaterial === "ALL_KEY_MATERIAL" ? 0 : 1;
    const found = await kms.keys.listMaterials({ keyId, after: Math.max(first, Number(after)), limit });
    const { page, ...rest } = writePage(found, request.value, ({ version }) => String(version));
    return ok({
      Rotations: page.map(({ version, createdAtMs, rotation }) => ({
        KeyId: keyId,
        KeyMaterialId: kmsMaterialId({ keyId, version }),
        KeyMaterialState: version === materialVersion ? "CURRENT" : "NON_CURRENT",
        RotationDate: rotation === undefined ? undefined : createdAtMs,
        RotationType: rotation,
      })),
      ...rest,
    });
  },
});
