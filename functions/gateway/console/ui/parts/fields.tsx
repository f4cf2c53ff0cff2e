/** Fields of a filter. */

/** A choice; `''` is shown as "any". */
export function Choice({
  label,
  value,
  options,
  onChoose,
}: {
  readonly label: string;
  readonly value: string;
  readonly options: readonly string[];
  readonly onChoose: (value: string) => void;
}) {
  return (
    <label>
      {label}
      <select value={value} onChange={({ currentTarget }) => onChoose(currentTarget.value)}>
        {options.map((each) => (
          <option key={each} value={each}>
            {each === '' ? 'any' : each}
          </option>
        ))}
      </select>
    </label>
  );
}

export function TextField({
  label,
  value,
  onType,
}: {
  readonly label: string;
  readonly value: string;
  readonly onType: (value: string) => void;
}) {
  return (
    <label>
      {label}
      <input class="mono" maxLength={256} value={value} onInput={({ currentTarget }) => onType(currentTarget.value)} />
    </label>
  );
}
