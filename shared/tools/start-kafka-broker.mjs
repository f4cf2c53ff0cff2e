/**
 * `npm run start-kafka-broker`: a Kafka broker for this checkout that stays when the command has ended. It needs neither
 * the packages nor a build.
 */
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { findDockerBroker, hasDockerEngine, startDockerBroker, stopDockerBroker } from './docker-broker.mjs';
import { findBroker, KAFKA_VERSION, ServiceError, startBroker, whatBrokerLacks } from './services.mjs';
import { failWithoutOutput } from './wanted-output.mjs';

const PORT = 9092;
const HELP = `Usage: npm run start-kafka-broker -- [--port N] [--local]
       npm run start-kafka-broker -- --stop [--local]

Starts Apache Kafka ${KAFKA_VERSION} on this machine, in the background: in Docker where an engine answers, else as a process,
which needs Java 17 and, the first time, Maven. What it holds is kept between starts.

  --port N  the port on 127.0.0.1 (${PORT} by default)
  --local   as a process, also where Docker answers
  --stop    stops the broker; what it holds is kept in DATA_DIR/kafka-broker (./data/kafka-broker), or in Docker's volume
  --help    this text`;
const STOP_IT = 'npm run start-kafka-broker -- --stop';

const dataDir = resolve(join(process.env.DATA_DIR || 'data', 'kafka-broker'));
const say = (text) => console.log(text);

/** @returns {Promise<number>} the exit code */
async function main(argv) {
  const options = read(argv);
  if (options === null) return 2;
  if (options.help) {
    failWithoutOutput();
    say(HELP);
    return 0;
  }
  try {
    return options.stop ? await stop(options) : await start(options);
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    console.error(error.message);
    return 1;
  }
}

/** @returns the options; null where the command line cannot be understood, which has been said */
function read(argv) {
  const type = 'boolean';
  const known = {
    port: { type: 'string', multiple: true },
    local: { type },
    stop: { type },
    help: { type, short: 'h' },
  };
  try {
    const { port: ports = [], ...flags } = parseArgs({ args: argv, options: known }).values;
    if (ports.length > 1) throw new TypeError('--port is there twice');
    if (flags.stop && ports.length > 0) throw new TypeError('--stop takes no --port');
    const [port = String(PORT)] = ports;
    if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535) {
      throw new TypeError(`--port takes a whole number from 1 to 65535, not ${JSON.stringify(port)}`);
    }
    return { ...flags, port: Number(port), isPortGiven: ports.length > 0 };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const [firstLine = ''] = error.message.split('\n');
    // Nothing of an argument controls the terminal.
    console.error(`${firstLine.replace(/[^ -~]/g, '?')}\nWith --help it says more.`);
    return null;
  }
}

async function start({ port, isPortGiven, local }) {
  const running = findBroker(dataDir);
  const isDocker = running === null && !local && hasDockerEngine();
  const address = isDocker ? findDockerBroker() : (running?.address ?? null);
  if (address !== null) return runsAlready(address, isPortGiven ? port : null);

  const started = isDocker
    ? await startDockerBroker(port)
    : (await startBroker({ port, dataDir, isDetached: true, jvmOptions: [], onProgress: say })).address;
  say(`A Kafka broker runs at ${started}; what it holds is kept in ${isDocker ? "Docker's volume" : dataDir}.`);
  say(`Clients take that address, for example: KAFKA_BROKERS=${started} npm run test-engines`);
  say(`It stays until you stop it: ${STOP_IT}`);
  return 0;
}

async function runsAlready(address, wantedPort) {
  const port = Number(address.split(':').at(-1));
  if (wantedPort !== null && wantedPort !== port) {
    throw new ServiceError(
      `The broker runs at ${address} already; stop it before you give it another port: ${STOP_IT}`,
    );
  }
  const lacks = await whatBrokerLacks(port);
  if (lacks !== null) {
    throw new ServiceError(`A broker was started at ${address}, and ${lacks}. Wait for it, or stop it: ${STOP_IT}`);
  }
  say(`The broker runs already, at ${address}. It stays until you stop it: ${STOP_IT}`);
  return 0;
}

async function stop({ local }) {
  const running = findBroker(dataDir);
  if (running !== null) {
    say(`stopping the broker at ${running.address} …`);
    await running.stop();
    say(`The broker has stopped; what it holds is kept in ${dataDir}.`);
  } else if (!local && hasDockerEngine() && findDockerBroker() !== null) {
    stopDockerBroker();
    say("The broker has stopped; what it holds is kept in Docker's volume.");
  } else {
    say('No broker runs for this checkout.');
  }
  return 0;
}

// What is half started ends with this process, which must end in order for that.
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
]) {
  process.once(signal, () => process.exit(code));
}
process.exitCode = await main(process.argv.slice(2));
