// As level.mjs without a top-level await, which a bundle in the form of CommonJS cannot have.

import * as level from '@varve/abstract-level';
import { exerciseLevel } from './exercise-level.mjs';

exerciseLevel(level).then((report) => console.log(JSON.stringify(report)));
