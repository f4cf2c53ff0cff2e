/** One numbered change of a schema. Once released it is never edited: its hash is checked at every start. */
export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly sql: string;
}
