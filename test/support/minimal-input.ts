import type { MapShape, Shape, StructureShape } from "../../src/shapes/shape.ts";

/** The least that an action takes: its required members, each with some value of its type. */
export function minimalInput(shape: StructureShape): Record<string, unknown> {
  const required = shape.fields.filter(([, member]) => member.required);
  return Object.fromEntries(required.map(([name, { shape: own }]) => [name, minimal(own)]));
}

/** The same as the parameters of a form. */
export function minimalParameters(shape: StructureShape, at = ""): Record<string, string> {
  const required = shape.fields.filter(([, member]) => member.required);
  return Object.assign({}, ...required.map(([name, { shape: own }]) => parameters(own, at, name)));
}

function minimal(shape: Shape): unknown {
  switch (shape.type) {
    case "string":
      return "x";
    case "integer":
    case "timestamp":
      return 1;
    case "boolean":
      return false;
    case "blob":
      return "eA==";
    case "list":
      return [minimal(shape.member)];
    case "map":
      return { x: minimal(shape.value) };
    case "structure":
      return minimalInput(shape);
  }
}

function parameters(shape: Shape, at: string, name: string): Record<string, string> {
  switch (shape.type) {
    case "list": {
      const element = shape.wrapped ? `${name}.${shape.queryName}` : shape.queryName;
      return parameters(shape.member, at, `${element}.1`);
    }
    case "map":
      return entry(shape, `${at}${shape.wrapped ? `${name}.` : ""}${shape.queryName}.1.`);
    case "structure":
      return minimalParameters(shape, `${at}${name}.`);
    default:
      return { [at + name]: String(minimal(shape)) };
  }
}

function entry(shape: MapShape, at: string): Record<string, string> {
  return { [at + shape.queryKey]: "x", ...parameters(shape.value, at, shape.queryValue) };
}
