import type { DeadLetterBody } from '../../../../../shared/runtime/dead-letters/schemas.ts';
import { textOf } from '../parts/contents.tsx';
import { foreignText } from '../parts/foreign-text.ts';
import { When } from '../parts/when.tsx';

const VALUE_MAX = 2_000;

/** What was done about a dead letter, by whom and why. */
export function Audit({ decisions }: { readonly decisions: DeadLetterBody['decisions'] }) {
  return (
    <section class="card stack" aria-label="Audit">
      <h2>Audit</h2>
      {decisions.length === 0 ? (
        <p class="quiet">Nothing was done about it yet.</p>
      ) : (
        <ol class="audit">
          {decisions.map(({ action, who, at, reason, before, after }, n) => (
            <li key={`${at} ${n}`}>
              <p>
                <strong>{action}</strong> by {foreignText(who)} <span class="quiet">·</span> <When at={at} />
              </p>
              <p>{foreignText(reason)}</p>
              <p class="mono quiet">
                {foreignText(textOf(before), { max: VALUE_MAX })} → {foreignText(textOf(after), { max: VALUE_MAX })}
              </p>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
