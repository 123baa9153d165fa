// The exercise of VarveLevel as a program: prints its report as one line of JSON.

import * as level from '@varve/abstract-level';
import { exerciseLevel } from './exercise-level.mjs';

console.log(JSON.stringify(await exerciseLevel(level)));
