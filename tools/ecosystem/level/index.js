// What every project gets when it asks for `level`: the engine that ECOSYSTEM_ENGINE names.

exports.Level =
  process.env.ECOSYSTEM_ENGINE === 'varve'
    ? require('@varve/abstract-level').VarveLevel
    : require('classic-level').ClassicLevel;
