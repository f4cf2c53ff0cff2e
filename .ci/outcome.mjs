/**
 * A vitest reporter for `.ci/run`. It writes the file that `OUTCOME_FILE` names: a line `PASSED FAILED`, then a line for each
 * failure: the first line of the error and of its causes, and where it was thrown. It also counts what fails around tests and
 * leaves no failed test behind: files that do not load or whose process has died, hooks of suites, errors that are not caught.
 * It stands behind the default reporter, which finds the places in errors and names causes as such.
 */
import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';

const UNFINISHED = ['queued', 'pending'];

export default class Outcome {
  onTestRunEnd(modules, unhandledErrors) {
    const failures = [...modules.flatMap(failuresIn), ...unhandledErrors.map(uncaught)];
    const passed = modules.flatMap(({ children }) => [...children.allTests('passed')]).length;
    writeFileSync(process.env.OUTCOME_FILE, [`${passed} ${failures.length}`, ...failures, ''].join('\n'));
  }
}

function failuresIn(module) {
  const failed = [module, ...module.children.allSuites()].flatMap((suite) =>
    suite.errors().map((error) => lineOf(module, suite, error)),
  );
  for (const test of module.children.allTests('failed')) {
    const [first, ...others] = test.result().errors ?? [];
    failed.push([lineOf(module, test, first), ...others.map(reason)].join('; then '));
  }
  if (UNFINISHED.includes(module.state())) failed.push(`${file(module.moduleId)}: it has not ended`);
  return failed;
}

function lineOf({ moduleId }, { fullName }, error) {
  return `${[file(moduleId), fullName].filter(Boolean).join(' > ')}: ${reason(error)}`;
}

function uncaught(error) {
  const { VITEST_TEST_PATH: path } = error;
  return `${path === undefined ? '' : `${file(path)}: `}not caught: ${reason(error)}`;
}

function file(path) {
  return relative(process.cwd(), path);
}

function reason({ name, message = 'no reason', stacks: [at] = [], cause } = {}) {
  const [first] = String(message).split('\n');
  const what = [name, at === undefined ? first : `${first} (${file(at.file)}:${at.line})`].filter(Boolean).join(': ');
  return cause?.message === undefined ? what : `${what}; ${reason(cause)}`;
}
