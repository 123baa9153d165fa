// The exercise of VarveLevel from a CommonJS file: `require` of an ES module.

const level = require('@varve/abstract-level');
const { exerciseLevel } = require('./exercise-level.mjs');

exerciseLevel(level).then((report) => console.log(JSON.stringify(report)));
