/** An exact fraction of whole numbers, reduced, with a positive denominator. */
export interface Ratio {
  readonly over: bigint;
  readonly under: bigint;
}

export const one: Ratio = { over: 1n, under: 1n };

export function times(a: Ratio, b: Ratio): Ratio {
  return reduced(a.over * b.over, a.under * b.under);
}

export function dividedBy(a: Ratio, b: Ratio): Ratio {
  return reduced(a.over * b.under, a.under * b.over);
}

/** A whole number to a whole power; the power may be negative. */
export function power(base: bigint, exponent: number): Ratio {
  const value = base ** BigInt(Math.abs(exponent));
  return exponent < 0 ? { over: 1n, under: value } : { over: value, under: 1n };
}

function reduced(over: bigint, under: bigint): Ratio {
  let [divisor, rest] = [over, under];
  while (rest !== 0n) [divisor, rest] = [rest, divisor % rest];
  return { over: over / divisor, under: under / divisor };
}
