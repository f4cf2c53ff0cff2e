#!/usr/bin/env node
/**
 * Runs one of the project's commands on a machine that has only Node and npm: installs what is missing, builds what
 * changed, then starts the command. `node shared/tools/run.mjs help` lists the commands.
 *
 * This file stays readable for any Node, so that an old one is told what is wrong; the work is in `commands.mjs`.
 */
const [major, minor] = process.versions.node.split('.').map(Number);

if (major < 20 || (major === 20 && minor < 19)) {
  console.error(
    `saga-store needs Node 20.19 or newer, and this is Node ${process.versions.node} (${process.execPath}).`,
  );
  console.error('Install a current one and run the same command again.');
  process.exitCode = 1;
} else {
  const { main } = await import('./commands.mjs');
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (error) {
    if (error.syscall === undefined) throw error;
    console.error(`A file of this checkout cannot be read or written: ${error.message}`);
    console.error('Give this user access to it, and run the same command again.');
    process.exitCode = 1;
  }
}
