/** A stream of random draws that is the same on every run and every machine. */
export interface Random {
  /** A number from 0 up to, not including, 1. */
  readonly next: () => number;
  /** A whole number from `low` to `high`, both included. */
  readonly integer: (low: number, high: number) => number;
  /** True with the given probability. */
  readonly chance: (probability: number) => boolean;
  readonly pick: <Item>(items: readonly Item[]) => Item;
  /** A bell-shaped number with the given mean and standard deviation, never more than 3.5 deviations away. */
  readonly around: (mean: number, deviation: number) => number;
  /** A UUID of version 4 drawn from this stream. */
  readonly uuid: () => string;
}

/**
 * The random stream of one patient. It depends on nothing but the seed and the patient's number, so a patient is the
 * same however many others are made. The generator is sfc32 (Chris Doty-Humphrey, PractRand): 128 bits of state,
 * seeded with up to three words and stirred for fifteen rounds.
 *
 * @example
 * createRandom(1, 42).integer(1, 6);
 */
export function createRandom(seed: number, patient: number): Random {
  let a = seed | 0;
  let b = patient | 0;
  let c = Math.floor(seed / 2 ** 32) | 0;
  let counter = 1;

  const word = (): number => {
    const result = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + result) | 0;
    return result >>> 0;
  };
  for (let round = 0; round < 15; round++) word();

  const next = () => word() / 2 ** 32;
  const hex = (value: number, digits: number) => value.toString(16).padStart(digits, "0");
  return {
    next,
    integer: (low, high) => low + Math.floor(next() * (high - low + 1)),
    chance: (probability) => next() < probability,
    pick: (items) => items[Math.floor(next() * items.length)]!,
    // Four uniform draws added up (Irwin-Hall) have variance 1/3; unlike a logarithm, sums round alike everywhere.
    around: (mean, deviation) => mean + (next() + next() + next() + next() - 2) * Math.sqrt(3) * deviation,
    uuid: () => {
      const [first, second, third, fourth] = [word(), word(), word(), word()];
      const version = 0x4000 | (second & 0x0fff);
      const variant = 0x8000 | ((third >>> 16) & 0x3fff);
      return `${hex(first, 8)}-${hex(second >>> 16, 4)}-${hex(version, 4)}-${hex(variant, 4)}-${hex(third & 0xffff, 4)}${hex(fourth, 8)}`;
    },
  };
}
