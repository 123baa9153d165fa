/** What is used of `@nxtedition/rocksdb`, which has no types. Names with an underscore are its synchronous calls. */
declare module '@nxtedition/rocksdb' {
  type Entries = [Uint8Array, Uint8Array][];

  interface ChainedBatch {
    put(key: Buffer, value: Buffer): this;
    del(key: Buffer): this;
    write(options: { sync: boolean }): Promise<void>;
    _put(key: Buffer, value: Buffer): void;
    _del(key: Buffer): void;
    _clear(): void;
    _writeSync(options: { sync: boolean }): void;
    _closeSync(): void;
  }

  interface RocksIterator extends AsyncIterable<[Uint8Array, Uint8Array]> {
    nextv(size: number): Promise<Entries>;
    close(): Promise<void>;
    /** Keys and values by turns. */
    _nextvSync(size: number): { rows: Uint8Array[]; finished: boolean };
    _closeSync(): void;
  }

  class RocksLevel {
    constructor(location: string, options: object);
    readonly location: string;
    open(options: object): Promise<void>;
    close(): Promise<void>;
    put(key: Buffer, value: Buffer): Promise<void>;
    del(key: Buffer): Promise<void>;
    batch(): ChainedBatch;
    getMany(keys: readonly Buffer[]): Promise<(Uint8Array | undefined)[]>;
    iterator(options: object): RocksIterator;
    getProperty(property: string): string;
    _chainedBatch(): ChainedBatch;
    _getManySync(keys: readonly Buffer[], options: object): (Uint8Array | undefined)[];
    _iterator(options: object): RocksIterator;
  }
}
