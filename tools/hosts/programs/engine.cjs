// The exercise of the engine from a CommonJS file: `require` of an ES module.

const engine = require('@varve/engine');
const { exercise } = require('./exercise.mjs');

exercise(engine).then((report) => console.log(JSON.stringify(report)));
