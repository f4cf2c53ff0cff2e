/**
 * The scenarios that do not run with their messages in Kafka as well, each with the reason. All others do, so that what a
 * client or an operator sees is the same with each log.
 */
export const notOnKafka: Readonly<Record<string, string>> = {
  'chaos-tool': 'it tests the program that kills and starts functions; chaos.e2e.test.ts does that to a store on Kafka',
  'refused-starts': 'a start is refused because of files and addresses before it opens a log',
  starter: 'it tests what npm, shells and signals do to a process, whatever the process does',
  'tools-data': 'a tool says that it cannot use the data folder before it opens a log',
};
