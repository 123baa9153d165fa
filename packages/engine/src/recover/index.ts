/** From a directory to an open state. */
export {
  type FlushContext,
  type RecoveredState,
  type RecoverOptions,
  type RecoverySummary,
  recover,
} from './recover.js';
