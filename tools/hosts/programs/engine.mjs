// The exercise of the engine as a program: prints its report as one line of JSON.

import * as engine from '@varve/engine';
import { exercise } from './exercise.mjs';

console.log(JSON.stringify(await exercise(engine)));
