import { setMaxListeners } from "node:events";

const actionsOf = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Does something when the signal aborts; what it gives forgets about it. However many calls listen to the one signal of a run,
 * it has one listener of theirs: a signal walks through all that it has whenever one comes or goes.
 *
 * @example
 * const forget = whenAborted(signal, () => controller.abort(signal.reason));
 */
export function whenAborted(signal: AbortSignal, action: () => void): () => void {
  const actions = actionsOf.get(signal) ?? listening(signal);
  actions.add(action);
  return () => actions.delete(action);
}

function listening(signal: AbortSignal): Set<() => void> {
  const actions = new Set<() => void>();
  actionsOf.set(signal, actions);
  // Others listen to it too, the waits of each call among them: more than ten of them are no leak.
  setMaxListeners(0, signal);
  signal.addEventListener("abort", () => {
    for (const action of actions) action();
  });
  return actions;
}
