import type { Principal } from "../../../src/auth/policy/decide.ts";
import { type Random, randomFrom } from "../../support/random.ts";
import * as pools from "./simulator-pools.ts";

/** A request and every policy that applies to it, from which both we and the simulator decide. */
export interface Case {
  readonly principal: Principal;
  readonly action: string;
  readonly resource: { readonly arn: string; readonly account: string };
  readonly context: Readonly<Record<string, string | readonly string[]>>;
  readonly identity: readonly Document[];
  readonly session: Document | undefined;
  /** Of a role it is what the role trusts. */
  readonly policy: Document | undefined;
}

export interface Document {
  readonly Version: "2008-10-17" | "2012-10-17";
  readonly Statement: readonly Statement[];
}

export interface Statement {
  readonly Effect: "Allow" | "Deny";
  readonly Principal?: pools.NamedPrincipals;
  readonly NotPrincipal?: pools.NamedPrincipals;
  readonly Action?: readonly string[];
  readonly NotAction?: readonly string[];
  readonly Resource?: readonly string[];
  readonly NotResource?: readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
}

/** The same seed gives the same case. Two in five may have what the simulator takes otherwise. */
export function caseOf(seed: number): Case {
  const random = randomFrom(seed);
  return new Draw(random, random.chance(0.4)).case();
}

type Kind = "identity" | "resource" | "trust";

class Draw {
  readonly #random: Random;
  readonly #isOdd: boolean;

  constructor(random: Random, isOdd: boolean) {
    this.#random = random;
    this.#isOdd = isOdd;
  }

  case(): Case {
    const random = this.#random;
    const principal = this.#from(pools.principals);
    const asked = random.pick(pools.questions);
    const isSession = principal.kind === "role" || principal.kind === "federated";
    // Every key and every role has a policy.
    const hasPolicy = !asked.action.startsWith("sqs:") || random.chance(0.75);
    const policies = principal.account === "" ? 0 : random.between(0, 2);
    return {
      principal,
      ...asked,
      context: this.#context(principal),
      identity: Array.from({ length: policies }, () => this.#document("identity")),
      session: isSession && random.chance(0.5) ? this.#document("identity") : undefined,
      policy: hasPolicy ? this.#document(asked.action.startsWith("sts:") ? "trust" : "resource") : undefined,
    };
  }

  #from<T>({ plain, odd }: pools.Pool<T>): T {
    const random = this.#random;
    return random.pick(this.#isOdd && odd.length > 0 && random.chance(0.2) ? odd : plain);
  }

  #some<T>(pool: pools.Pool<T>, max: number): T[] {
    return Array.from({ length: this.#random.between(1, max) }, () => this.#from(pool));
  }

  #context(principal: Principal): Case["context"] {
    const context: Record<string, string | readonly string[]> = {
      "aws:PrincipalTag/wish": this.#random.pick(["red", "blue"]),
      "aws:PrincipalTag/topic": "news",
      "aws:PrincipalTag/key": "1234abcd",
    };
    for (const { name, said, several } of pools.keys) {
      if (this.#random.chance(0.75)) context[name] = several ? this.#some(said, 2) : this.#from(said);
    }
    if (principal.kind === "user") context["aws:username"] = principal.arn.split("/").at(-1) ?? "";
    return context;
  }

  #document(kind: Kind): Document {
    return {
      Version: this.#isOdd && this.#random.chance(0.1) ? "2008-10-17" : "2012-10-17",
      Statement: Array.from({ length: this.#random.between(1, 3) }, () => this.#statement(kind)),
    };
  }

  #statement(kind: Kind): Statement {
    const random = this.#random;
    const principal = this.#from(pools.named);
    const isNotPrincipal = kind === "resource" && principal !== "*" && random.chance(0.15);
    const action = kind === "trust" ? ["sts:AssumeRole"] : this.#some(pools.actions, 2);
    const resource = this.#some(pools.resources, 2);
    return {
      Effect: random.chance(0.7) ? "Allow" : "Deny",
      ...(kind !== "identity" && (isNotPrincipal ? { NotPrincipal: principal } : { Principal: principal })),
      ...(kind !== "trust" && random.chance(0.1) ? { NotAction: action } : { Action: action }),
      ...(kind !== "trust" && (random.chance(0.15) ? { NotResource: resource } : { Resource: resource })),
      ...(random.chance(0.6) && { Condition: this.#condition() }),
    };
  }

  #condition(): NonNullable<Statement["Condition"]> {
    const random = this.#random;
    const condition: Record<string, Record<string, readonly string[]>> = {};
    for (let left = random.between(1, 2); left > 0; left--) {
      const [operator, keys] = random.pick(pools.operators);
      const key = random.pick(keys);
      const spelled = random.chance(0.8) ? key.name : key.name.toLowerCase();
      if (operator === "Null") condition[operator] = { [spelled]: [random.pick(["true", "false"])] };
      else {
        const quantifier = key.several
          ? random.pick(this.#isOdd ? ["", ...quantifiers] : quantifiers)
          : random.pickWeighted([[0.8, ""] as const, [0.1, "ForAllValues:"], [0.1, "ForAnyValue:"]]);
        const ifExists = random.chance(0.2) ? "IfExists" : "";
        condition[quantifier + operator + ifExists] = { [spelled]: this.#some(key.wanted, 3) };
      }
    }
    return condition;
  }
}

const quantifiers = ["ForAllValues:", "ForAnyValue:"];
