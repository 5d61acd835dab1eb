import { type Options, SingleBar } from "cli-progress";
import type { ProgressEvent } from "../pipeline/stage.ts";

/** How long a stage may run in silence where there is no bar. */
const lineEveryMilliseconds = 5000;

/** Shows progress on stderr: a bar on a terminal, a line now and then elsewhere. */
export function showProgress(stderr: NodeJS.WriteStream): (event: ProgressEvent) => void {
  return stderr.isTTY ? barOn(stderr) : linesOn(stderr);
}

function barOn(stderr: NodeJS.WriteStream): (event: ProgressEvent) => void {
  const options: Options = {
    format: "{stage} {bar} {value}/{total} {unit}",
    hideCursor: true,
    clearOnComplete: true,
    stream: stderr,
  };
  let bar: SingleBar | undefined;
  const stop = () => {
    bar?.stop();
    bar = undefined;
  };
  return (event) => {
    if (event.state === "warning") {
      stop();
      stderr.write(`${event.stage}: ${event.message}\n`);
    }
    if (event.state === "running" && event.total === undefined && event.message !== undefined) {
      stop();
      stderr.write(`${event.stage}: ${event.message}\n`);
    }
    if (event.state === "running" && event.total !== undefined) {
      if (!bar) {
        bar = new SingleBar(options);
        bar.start(event.total, event.done ?? 0, { stage: event.stage, unit: event.unit });
      }
      bar.update(event.done ?? 0, { stage: event.stage, unit: event.unit });
    }
    if (event.state === "done" || event.state === "failed") {
      stop();
      if (event.state === "done") stderr.write(`${doneLine(event)}\n`);
    }
  };
}

function linesOn(stderr: NodeJS.WriteStream): (event: ProgressEvent) => void {
  let last = 0;
  return (event) => {
    if (event.state === "warning") stderr.write(`${event.stage}: ${event.message}\n`);
    if (event.state === "done") stderr.write(`${doneLine(event)}\n`);
    if (event.state === "started") last = event.elapsedMilliseconds;
    if (event.state === "running" && event.elapsedMilliseconds - last >= lineEveryMilliseconds) {
      last = event.elapsedMilliseconds;
      const total = event.total === undefined ? "" : ` of ${event.total}`;
      const message = event.message === undefined ? "" : `: ${event.message}`;
      stderr.write(`${event.stage}: ${event.done}${total} ${event.unit}${message}\n`);
    }
  };
}

function doneLine({ stage, elapsedMilliseconds }: ProgressEvent): string {
  return `${stage}: done in ${(elapsedMilliseconds / 1000).toFixed(1)} s`;
}
