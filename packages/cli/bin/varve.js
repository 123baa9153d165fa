#!/usr/bin/env node
// The command `varve`. It is here before anything is built, so that a package manager finds it when it links commands.
import '../dist/main.js';
