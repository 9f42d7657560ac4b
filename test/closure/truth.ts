import { globSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { join, relative } from "node:path";
import { build, type Message } from "esbuild";
import ts from "typescript";

/**
 * What is broken in a directory of sources, by programs that know nothing of closures: esbuild bundles every module as
 * an entry point of its own, TypeScript resolves every import, and what esbuild leaves outside must be in a manifest.
 */
export async function faultsIn(directory: string, sources: string): Promise<Set<string>> {
  const files = globSync(sources, { cwd: directory }).sort();
  const scripts = files.filter((file) => /\.[mc]?[jt]sx?$/.test(file) && !/\.d\.[mc]?ts$/.test(file));
  const faults = await bundled(directory, scripts);
  for (const field of ["module", "main"]) for (const one of await entered(directory, field)) faults.add(one);
  const typed = files.filter((file) => /\.tsx?$/.test(file));
  if (typed.length > 0) for (const one of resolved(directory, typed)) faults.add(one);
  return faults;
}

async function bundled(directory: string, files: readonly string[]): Promise<Set<string>> {
  const faults = new Set<string>();
  if (files.length === 0) return faults;
  const said = ({ text, location }: Message) => `${location?.file}: ${text}`;
  try {
    const { metafile, errors } = await build({
      absWorkingDir: directory,
      // Numbered, because `a.js` beside `a.ts` would be written to one place.
      entryPoints: files.map((file, index) => ({ in: file, out: String(index) })),
      bundle: true,
      write: false,
      metafile: true,
      outdir: join(directory, ".bundled"),
      format: "esm",
      platform: "node",
      packages: "external",
      logLevel: "silent",
      logLimit: 0,
      // A member of a namespace that is not there.
      logOverride: { "import-is-undefined": "error" },
      // Nothing above the directory has a say.
      tsconfigRaw: "{}",
    });
    for (const error of errors) faults.add(said(error));
    const manifest = JSON.parse(readFileSync(join(directory, "package.json"), "utf8")) as Record<string, object>;
    const known = new Set([
      manifest.name as unknown as string,
      ...["dependencies", "devDependencies", "peerDependencies", "optionalDependencies"].flatMap((list) =>
        Object.keys(manifest[list] ?? {}),
      ),
    ]);
    for (const [file, { imports }] of Object.entries(metafile.inputs))
      for (const { path, external } of imports) {
        const name = path
          .split("/")
          .slice(0, path.startsWith("@") ? 2 : 1)
          .join("/");
        if (external && !path.startsWith("#") && !isBuiltin(path) && !known.has(name))
          faults.add(`${file}: nothing brings ${name}`);
      }
  } catch (error) {
    for (const one of (error as { errors?: Message[] }).errors ?? []) faults.add(said(one));
    if (faults.size === 0) throw error;
  }
  return faults;
}

/** Whether the directory can be imported as a package, by a field of its manifest. */
async function entered(directory: string, field: string): Promise<string[]> {
  const stdin = { contents: 'import "./.";', resolveDir: directory };
  return build({
    stdin,
    bundle: true,
    write: false,
    packages: "external",
    mainFields: [field],
    logLevel: "silent",
  }).then(
    () => [],
    ({ errors }: { errors: Message[] }) =>
      errors.filter(({ location }) => location?.file === "<stdin>").map(({ text }) => `${field}: ${text}`),
  );
}

/** What TypeScript says of names and modules that are not there; what it says of types is another matter. */
const codes = new Set([1192, 2305, 2307, 2308, 2459, 2460, 2613, 2614, 2694, 2724, 2834, 2835]);

function resolved(directory: string, files: readonly string[]): string[] {
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ESNext,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    noLib: true,
    types: [],
    noEmit: true,
    skipLibCheck: true,
    allowJs: false,
  };
  const made = ts.createProgram(
    files.map((file) => join(directory, file)),
    options,
  );
  return files.flatMap((file) =>
    made.getSemanticDiagnostics(made.getSourceFile(join(directory, file))).flatMap(({ code, messageText }) => {
      const text = ts.flattenDiagnosticMessageText(messageText, " ").replaceAll(`${directory}/`, "");
      const isMember = code === 2339 && text.includes("typeof import(");
      // Packages are not installed here: the bundle has told of them.
      const isOutside = code === 2307 && !/'[.#]/.test(text);
      return (codes.has(code) || isMember) && !isOutside ? [`${relative(".", file)}: ${text}`] : [];
    }),
  );
}
