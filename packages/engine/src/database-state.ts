/** What can be done with a database: the two words for it. */

/** What the database can do now. `'failed'`: reads serve what was acknowledged, writes are refused. */
export type DatabaseStatus = 'open' | 'failed' | 'closing' | 'closed';

/**
 * What can be done with the database now. `'readOnly'`: reads are served, writes that need room are refused for a while, and
 * go on by themselves when what was missing is there again, or the flush or merge that failed has succeeded (or it was opened
 * with `readOnly`). `'failed'`: reads are served,
 * writes are refused until it is opened again. `'closed'`: nothing; also while it is closing.
 */
export type DatabaseState = 'open' | 'readOnly' | 'failed' | 'closed';
