import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import config from '../../vitest.config.ts';
import { notOnKafka } from './not-on-kafka.ts';

const excepted = Object.keys(notOnKafka).map((name) => `e2e/scenarios/${name}.e2e.test.ts`);

const projects = (config.test?.projects ?? []).flatMap((project) =>
  typeof project === 'object' && !(project instanceof Promise) ? [project.test] : [],
);
const projectNamed = (name: string) => projects.find((project) => project?.name === name);

describe('the scenarios on Kafka', () => {
  it('are all of them but those that are excepted with a reason', () => {
    const onKafka = projectNamed('e2e-kafka');
    const resilience = projectNamed('resilience');

    expect(onKafka?.include).toEqual(['e2e/scenarios/*.e2e.test.ts']);
    expect(onKafka?.exclude?.filter((file) => !resilience?.exclude?.includes(file))).toEqual(excepted);
    expect(Object.values(notOnKafka).filter((reason) => reason.length < 30)).toEqual([]);
  });

  it('except only files that exist', () => {
    expect(excepted.filter((file) => !existsSync(new URL(`../../${file}`, import.meta.url)))).toEqual([]);
  });
});
