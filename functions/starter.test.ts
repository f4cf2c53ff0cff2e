import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { watchStarter } from './starter.ts';

type Channel = NodeJS.Process['channel'];

/** A process with this channel, and how often its starter was found gone. */
function watched(channel: Channel | null) {
  const own = Object.assign(new EventEmitter(), { channel }) as unknown as NodeJS.Process;
  let gone = 0;
  watchStarter(() => {
    gone += 1;
  }, own);
  return { own, gone: () => gone };
}

describe('what started a process is gone', () => {
  it('when the channel to it closes, which alone keeps the process from nothing', () => {
    const calls: string[] = [];
    const open = { ref: () => calls.push('ref'), unref: () => calls.push('unref') } as unknown as Channel;
    const { own, gone } = watched(open);

    expect([gone(), calls]).toEqual([0, ['unref']]);
    own.emit('disconnect');
    own.emit('disconnect');
    expect(gone()).toBe(1);
  });

  it('at once where the channel was closed before the process looked', () => {
    expect(watched(null).gone()).toBe(1);
  });

  it('never where there was no channel', () => {
    const { own, gone } = watched(undefined);

    own.emit('disconnect');
    expect(gone()).toBe(0);
  });
});
