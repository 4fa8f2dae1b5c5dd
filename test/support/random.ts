/** Repeatable randomness: the same seed gives the same numbers on every machine. */
export interface Random {
  /** A whole number from `min` to `max`, both included. */
  between(min: number, max: number): number;
  /** True once in `1 / probability` times. */
  chance(probability: number): boolean;
  pick<T>(choices: readonly T[]): T;
  /** One of `choices`, each as often as its weight says. */
  pickWeighted<T>(choices: readonly (readonly [weight: number, choice: T])[]): T;
}

/** @param seed any whole number; neighbouring seeds give unrelated sequences */
export function randomFrom(seed: number): Random {
  const next = sfc32(seed);
  const between = (min: number, max: number): number => min + Math.floor(next() * (max - min + 1));
  return {
    between,
    chance: (probability) => next() < probability,
    pick: (choices) => at(choices, between(0, choices.length - 1)),
    pickWeighted: (choices) => {
      let left = next() * choices.reduce((sum, [weight]) => sum + weight, 0);
      for (const [weight, choice] of choices) {
        left -= weight;
        if (left < 0) return choice;
      }
      return at(choices, choices.length - 1)[1];
    },
  };
}

function at<T>(choices: readonly T[], index: number): T {
  if (index < 0 || index >= choices.length) throw new Error("nothing to pick from");
  return choices[index] as T;
}

/** Chris Doty-Humphrey's Small Fast Counting generator, 128 bits of state. */
function sfc32(seed: number): () => number {
  let a = 0x9e3779b9;
  let b = seed | 0;
  let c = Math.floor(seed / 2 ** 32) | 0;
  let counter = 1;
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  // The first numbers of neighbouring seeds resemble each other until the state has mixed.
  for (let round = 0; round < 12; round++) next();
  return next;
}
