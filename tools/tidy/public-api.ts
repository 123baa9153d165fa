// What the packages export, as the compiler sees it: whether it is documented, and how its
// functions are called.

import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';
import type { Finding } from './source-tree.js';

/** How many things are exported, and how many of them have a doc comment. */
export interface Documentation {
  readonly exportCount: number;
  readonly documentedExportCount: number;
  readonly memberCount: number;
  readonly documentedMemberCount: number;
}

/** Positional arguments of a function that users call: two, and an object of options. */
const PARAMETER_COUNT_MAX = 3;

/** Something that is exported, or a member of it. */
interface Entry {
  readonly name: string;
  readonly symbol: ts.Symbol;
  readonly declaration: ts.Declaration;
  readonly isMember: boolean;
  readonly packageName: string;
}

/** The exports of the `index.ts` of every package. */
export class PublicApi {
  readonly #root: string;
  readonly #checker: ts.TypeChecker;
  readonly #entries: readonly Entry[];

  /**
   * Reads and checks the packages below `root`, which takes seconds. `names` are the folders in
   * `packages`.
   */
  constructor(root: string, names: readonly string[] = readdirSync(join(root, 'packages'))) {
    this.#root = root;
    const paths = names.map((name) => join(root, 'packages', name, 'src/index.ts'));
    const program = ts.createProgram(paths, compilerOptions(root));
    this.#checker = program.getTypeChecker();
    this.#entries = paths.flatMap((path, index) => {
      const module = this.#checker.getSymbolAtLocation(
        program.getSourceFile(path) as ts.SourceFile,
      );
      const symbols = module === undefined ? [] : this.#checker.getExportsOfModule(module);
      return symbols.flatMap((symbol) => this.#entriesOf(symbol, names[index]));
    });
  }

  /** Counts what is documented. */
  documentation(): Documentation {
    const count = (isMember: boolean, isDocumented: boolean): number =>
      this.#entries.filter(
        (entry) => entry.isMember === isMember && (!isDocumented || this.#isDocumented(entry)),
      ).length;
    return {
      exportCount: count(false, false),
      documentedExportCount: count(false, true),
      memberCount: count(true, false),
      documentedMemberCount: count(true, true),
    };
  }

  /**
   * Exports, and methods of what is exported, without a doc comment. Other members may be said by
   * name and type.
   */
  undocumentedFindings(): Finding[] {
    return this.#entries
      .filter((entry) => !entry.isMember || isMethod(entry.declaration))
      .filter((entry) => !this.#isDocumented(entry))
      .map((entry) =>
        this.#finding(
          entry,
          'has no doc comment. Say what it takes and gives, in which units, and how it fails.',
        ),
      );
  }

  /**
   * Functions and methods that take a boolean, and functions of the engine that take too many
   * arguments.
   */
  signatureFindings(): Finding[] {
    return this.#entries.flatMap((entry) => {
      const parameters = this.#signaturesOf(entry).map((signature) => signature.parameters);
      const findings: Finding[] = [];
      if (parameters.flat().some((parameter) => this.#isBoolean(parameter, entry.declaration))) {
        findings.push(
          this.#finding(
            entry,
            "takes a boolean. Name the choice: a word such as 'strict', or a field of the options.",
          ),
        );
      }
      if (
        entry.packageName === 'engine' &&
        parameters.some(({ length }) => length > PARAMETER_COUNT_MAX)
      ) {
        findings.push(
          this.#finding(
            entry,
            'takes more than two arguments and options. Put the others into the options.',
          ),
        );
      }
      return findings;
    });
  }

  #entriesOf(exported: ts.Symbol, packageName: string): Entry[] {
    const isAlias = (exported.flags & ts.SymbolFlags.Alias) !== 0;
    const symbol = isAlias ? this.#checker.getAliasedSymbol(exported) : exported;
    const declaration = symbol.declarations?.[0];
    if (declaration === undefined) return [];
    const entry = { name: exported.name, symbol, declaration, isMember: false, packageName };
    return [entry, ...this.#membersOf(entry)];
  }

  /** The members of an exported class or interface that others can use. */
  #membersOf(owner: Entry): Entry[] {
    const statics = ts.isClassDeclaration(owner.declaration)
      ? [...(owner.symbol.exports?.values() ?? [])]
      : [];
    const members = [...(owner.symbol.members?.values() ?? []), ...statics];
    return members.flatMap((symbol) => {
      const declaration = symbol.declarations?.[0];
      if (declaration === undefined || !isUsableMember(declaration)) return [];
      // Hooks that a base class of somebody else calls, and documents.
      if (symbol.name.startsWith('_')) return [];
      const name = `${owner.name}.${symbol.name}`;
      return [{ name, symbol, declaration, isMember: true, packageName: owner.packageName }];
    });
  }

  #isDocumented({ symbol, declaration }: Entry): boolean {
    if (ts.isConstructorDeclaration(declaration)) {
      const { parameters } = declaration;
      return parameters.length === 0 || ts.getJSDocCommentsAndTags(declaration).length > 0;
    }
    return symbol.getDocumentationComment(this.#checker).length > 0;
  }

  #signaturesOf({ symbol, declaration }: Entry): readonly ts.Signature[] {
    if (ts.isConstructorDeclaration(declaration)) {
      const signature = this.#checker.getSignatureFromDeclaration(declaration);
      return signature === undefined ? [] : [signature];
    }
    const isCallable = ts.isFunctionDeclaration(declaration) || isMethod(declaration);
    if (!isCallable && !ts.isVariableDeclaration(declaration)) return [];
    return this.#checker.getTypeOfSymbolAtLocation(symbol, declaration).getCallSignatures();
  }

  #isBoolean(parameter: ts.Symbol, location: ts.Node): boolean {
    const type = this.#checker.getTypeOfSymbolAtLocation(parameter, location);
    const parts = type.isUnion() ? type.types : [type];
    const isEmpty = (part: ts.Type): boolean =>
      (part.flags & (ts.TypeFlags.Undefined | ts.TypeFlags.Null)) !== 0;
    const meant = parts.filter((part) => !isEmpty(part));
    return meant.length > 0 && meant.every((part) => (part.flags & ts.TypeFlags.BooleanLike) !== 0);
  }

  #finding({ declaration, name, packageName }: Entry, message: string): Finding {
    const file = declaration.getSourceFile();
    const line = file.getLineAndCharacterOfPosition(declaration.getStart(file)).line + 1;
    return {
      path: relative(this.#root, file.fileName),
      line,
      message: `${packageName} exports ${name}, which ${message}`,
    };
  }
}

function compilerOptions(root: string): ts.CompilerOptions {
  const path = join(root, 'tsconfig.tests.json');
  const { config } = ts.readConfigFile(path, ts.sys.readFile) as { config: unknown };
  return ts.parseJsonConfigFileContent(config, ts.sys, root).options;
}

function isMethod(declaration: ts.Declaration): boolean {
  return ts.isMethodDeclaration(declaration) || ts.isMethodSignature(declaration);
}

function isUsableMember(declaration: ts.Declaration): boolean {
  if (ts.isTypeParameterDeclaration(declaration)) return false;
  const named = ts.getNameOfDeclaration(declaration);
  if (named !== undefined && ts.isPrivateIdentifier(named)) return false;
  return (ts.getCombinedModifierFlags(declaration) & ts.ModifierFlags.Private) === 0;
}
