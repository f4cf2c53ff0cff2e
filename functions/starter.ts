/**
 * Calls `onGone` once the program that started this process is gone; without one it ends as SIGTERM does. `npm start` keeps a
 * channel open for that, which the system closes however that program ends. A process that was started without one (by a
 * container, a service manager, a shell) is on its own.
 */
export function watchStarter(
  onGone: () => void = () => process.kill(process.pid, 'SIGTERM'),
  own: Pick<NodeJS.Process, 'channel' | 'once'> = process,
): void {
  if (own.channel === undefined) return;
  // It was there, and its other end is gone already.
  if (own.channel === null) {
    onGone();
    return;
  }
  own.once('disconnect', onGone);
  // The channel alone keeps no program running.
  own.channel.unref();
}
