import { choreography, functionNames, topics } from '../saga/choreography.ts';
import { commandsIn, orderCommands, orderStatuses, transitions } from '../saga/lifecycle.ts';
import type { StoreBody } from '../shared/runtime/inspect/representation.ts';
import { functionModules } from './registry.ts';
import type { Config } from './settings.ts';
import { VERSION } from './version.ts';

/** What this store is made of, for those who look at it while it runs. */
export function storeDescription(config: Config): StoreBody {
  const functions = functionModules.map((module) => module.create(config));
  const readersOf = (topic: string) =>
    functions.filter(({ consumes }) => consumes.includes(topic)).map(({ name }) => name);
  return {
    version: VERSION,
    engine: { store: 'embedded', log: config.LOG },
    automation: config.ENABLE_AUTOMATION,
    saga: {
      functions: [...functionNames],
      topics: Object.entries(topics).map(([name, writer]) => ({ name, writer, readers: readersOf(name) })),
      steps: choreography.map((step) => ({ ...step, emits: [...step.emits], undoneBy: [...step.undoneBy] })),
      transitions: transitions.map((transition) => ({ ...transition })),
      commands: Object.entries(orderCommands).map(([name, event]) => ({
        name,
        event,
        from: orderStatuses.filter((status) => commandsIn(status).some((command) => command === name)),
      })),
    },
  };
}
