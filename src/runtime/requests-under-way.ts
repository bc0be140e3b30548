/** Counts the requests between arrival and answer, so that a drain knows when the last one is answered. */
export class RequestsUnderWay {
  #count = 0;
  #draining = false;
  #onNone: (() => void) | undefined;

  get draining(): boolean {
    return this.#draining;
  }

  arrived(): void {
    this.#count++;
  }

  answered(): void {
    this.#count--;
    if (this.#count === 0) this.#onNone?.();
  }

  /** Resolves when none is left. */
  drain(): Promise<void> {
    this.#draining = true;
    return new Promise((resolve) => {
      this.#onNone = resolve;
      if (this.#count === 0) resolve();
    });
  }
}
