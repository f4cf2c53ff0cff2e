/** The longest wait for a connection that is closed. */
const CLOSE_MS = 3_000;
/** The longest call. The library has its own limits for each request, but may forget one when a connection breaks. */
const CALL_MS = 60_000;

interface Connectable {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
}

/** A connection that is made when it is needed, and never used again after an error. */
export class Reconnecting<Connection extends Connectable> {
  readonly #create: () => Connection;
  #connected: Promise<Connection> | null = null;

  constructor(create: () => Connection) {
    this.#create = create;
  }

  async use<Result>(work: (connection: Connection) => Promise<Result>): Promise<Result> {
    const connected = this.#connected ?? this.#connect();
    this.#connected = connected;
    try {
      return await answered(connected.then(work));
    } catch (error) {
      if (this.#connected === connected) this.#connected = null;
      connected.then((connection) => connection.disconnect()).catch(() => undefined);
      throw error;
    }
  }

  async #connect(): Promise<Connection> {
    const connection = this.#create();
    await connection.connect();
    return connection;
  }

  async close(): Promise<void> {
    const connected = this.#connected;
    this.#connected = null;
    await bounded(connected?.then((connection) => connection.disconnect()));
  }
}

async function answered<Result>(call: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${CALL_MS / 1_000} s`)), CALL_MS);
  });
  return Promise.race([call, late]).finally(() => clearTimeout(timer));
}

/** Waits for the end of something, but not for long, and not for how it ends: a broker that is gone never answers. */
export async function bounded(work: Promise<unknown> | undefined): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const waited = new Promise((resolve) => {
    timer = setTimeout(resolve, CLOSE_MS);
  });
  await Promise.race([work, waited]).catch(() => undefined);
  clearTimeout(timer);
}
