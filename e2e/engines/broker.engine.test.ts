import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { startBroker, whyNoKafka } from './broker.ts';
import { makeTopic } from './kafka-examples.ts';

describe.runIf(whyNoKafka() === null)('a broker of a test', () => {
  it('can be frozen, killed and started again on its data', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'saga-store-broker-test-'));
    onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
    const first = await startBroker({ dataDir });
    onTestFinished(() => first.kill());
    const retry = { retries: 0 };
    const common = { brokers: [first.address], logLevel: logLevel.NOTHING, retry };
    const admin = new Kafka(common).admin();
    const impatient = new Kafka({ ...common, requestTimeout: 500 }).admin();
    onTestFinished(() => admin.disconnect());
    onTestFinished(() => impatient.disconnect());
    await admin.connect();
    await makeTopic(admin, 'kept');
    await vi.waitFor(() => impatient.connect(), 20_000);

    first.pause();
    await expect(impatient.listTopics()).rejects.toThrow();
    first.resume();
    await expect.poll(() => admin.listTopics().catch(() => []), { timeout: 20_000 }).toContain('kept');

    await expect(startBroker({ dataDir })).rejects.toThrow(`A broker serves ${dataDir} already, at ${first.address}.`);

    await first.kill();
    expect(first.isAlive()).toBe(false);
    const second = await startBroker({ dataDir, port: first.port });
    onTestFinished(() => second.kill());
    await expect.poll(() => admin.listTopics().catch(() => []), { timeout: 20_000 }).toContain('kept');

    await second.stop();
    expect(second.isAlive()).toBe(false);
    expect(existsSync(dataDir)).toBe(true);
  });

  it('leaves nothing behind that it was not told to keep', async () => {
    const broker = await startBroker();
    expect(existsSync(broker.dataDir)).toBe(true);

    await broker.stop();

    expect(broker.isAlive()).toBe(false);
    expect(existsSync(broker.dataDir)).toBe(false);
  });
});
