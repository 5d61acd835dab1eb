/**
 * The time of one try, and what is to be stopped when it is over. An AbortSignal costs as much as all else that is done for a
 * call: it is made where one is asked for.
 */
export class TimeLimit {
  readonly #actions: (() => void)[] = [];
  #signal: AbortSignal | undefined;
  #isOver = false;

  get isOver(): boolean {
    return this.#isOver;
  }

  get signal(): AbortSignal {
    if (this.#signal) return this.#signal;
    const controller = new AbortController();
    this.whenOver(() => controller.abort());
    this.#signal = controller.signal;
    return this.#signal;
  }

  whenOver(action: () => void): void {
    if (this.#isOver) action();
    else this.#actions.push(action);
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const action of this.#actions) action();
  }
}
