// As engine.mjs without a top-level await, which a bundle in the form of CommonJS cannot have.

import * as engine from '@varve/engine';
import { exercise } from './exercise.mjs';

exercise(engine).then((report) => console.log(JSON.stringify(report)));
