/** Choices made of one stream of random numbers, so that a seed repeats a whole run. */
import type { Random } from "../../src/clock.ts";

export class Chance {
  readonly random: Random;

  constructor(random: Random) {
    this.random = random;
  }

  /** A whole number with min ≤ n ≤ max. */
  int(min: number, max: number): number {
    return min + Math.floor(this.random() * (max - min + 1));
  }

  /** True with this probability. */
  happens(probability: number): boolean {
    return this.random() < probability;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.random() * choices.length)]!;
  }

  /** The same elements in any order. */
  shuffle<T>(elements: readonly T[]): T[] {
    const shuffled = [...elements];
    for (let i = shuffled.length - 1; i > 0; i--) {
      const j = this.int(0, i);
      [shuffled[i], shuffled[j]] = [shuffled[j]!, shuffled[i]!];
    }
    return shuffled;
  }
}
