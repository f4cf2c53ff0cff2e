import { useState } from 'preact/hooks';
import { type Problem, problemOf } from '../api/problem.ts';
import { ProblemNote } from '../parts/states.tsx';
import { Status } from '../parts/status.tsx';
import { placeSample, placeTooMany, placeWaiting, receiveFor, type Tried } from './try-it-actions.ts';

const actions = [
  ['Place ORDER_001', () => placeSample(1)],
  ['The same again', () => placeSample(1)],
  ['Place ORDER_002', () => placeSample(2)],
  ['Ask for too many', placeTooMany],
  ['Let one wait for goods', placeWaiting],
] as const;

/** Orders at the press of a button, and what became of the last one. */
export function TryIt() {
  const [tried, setTried] = useState<Tried | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [isBusy, setBusy] = useState(false);
  const run = async (action: () => Promise<Tried>) => {
    if (isBusy) return;
    setBusy(true);
    setProblem(null);
    await action().then(setTried, (error: unknown) => setProblem(problemOf(error)));
    setBusy(false);
  };
  return (
    <section class="card stack panel" aria-labelledby="try-it">
      <h2 id="try-it">Try it</h2>
      <div class="row">
        {actions.map(([name, action]) => (
          <button key={name} type="button" aria-disabled={isBusy} onClick={() => run(action)}>
            {name}
          </button>
        ))}
      </div>
      <div role="status" class="panel-result">
        {tried === null ? (
          <p class="quiet">An order takes a few milliseconds: press a button, and watch it travel through the lanes.</p>
        ) : (
          <>
            <p>
              <Status of={tried.status} /> · {tried.text}
            </p>
            <div class="row">
              <a href={`/console/orders/${encodeURIComponent(tried.orderId)}`}>Open {tried.orderId}</a>
              {tried.wait !== null && (
                <button type="button" class="main" aria-disabled={isBusy} onClick={() => run(() => receiveFor(tried))}>
                  Receive {tried.wait.quantity} of {tried.wait.productId}
                </button>
              )}
            </div>
          </>
        )}
      </div>
      {problem !== null && <ProblemNote problem={problem} />}
    </section>
  );
}
