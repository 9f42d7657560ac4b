import { posix } from "node:path";
import type { Step } from "./histories.ts";

type Module = {
  path: string;
  names: string[];
  uses: { module: Module; name: string; how: "named" | "whole" | "barrel" }[];
};

/**
 * A package that nobody wrote: modules that import each other by name, as a whole and through a barrel, and versions
 * of it in which names are renamed, modules moved, added and removed. Each version is whole.
 */
export class Invented {
  private readonly random: () => number;
  private modules: Module[] = [];
  private count = 0;

  constructor(random: () => number) {
    this.random = random;
    for (let made = 0; made < 8; made++) this.add();
  }

  /** The sources as they are now. */
  step(): Step {
    const files = new Map([["package.json", '{ "name": "invented", "type": "module" }\n']]);
    for (const one of this.modules) files.set(one.path, this.text(one));
    const stars = this.modules.map(({ path }) => `export * from "./${posix.relative("src", path)}";`);
    files.set("src/index.js", `${stars.join("\n")}\n`);
    return files;
  }

  change(): void {
    const kind = this.any(["add", "move", "rename", "rename", "rename", "use", "remove"]);
    const one = this.any(this.modules);
    if (kind === "add") this.add();
    else if (kind === "move") one.path = this.path();
    else if (kind === "rename") this.rename(one);
    else if (kind === "use") this.use(one);
    else if (this.modules.length > 5) this.remove(one);
  }

  private any<T>(list: readonly T[]): T {
    return list[Math.floor(this.random() * list.length)]!;
  }

  private path(): string {
    return `src/${this.any(["", "a/", "b/", "a/c/"])}m${this.count++}.js`;
  }

  private add(): void {
    const made: Module = { path: this.path(), names: [`n${this.count++}`, `n${this.count++}`], uses: [] };
    this.modules.push(made);
    for (let turn = 0; turn < 3; turn++) this.use(made);
  }

  /** Only of earlier ones, so that nothing goes in a circle. */
  private use(one: Module): void {
    const earlier = this.modules.slice(0, this.modules.indexOf(one));
    if (earlier.length === 0) return;
    const module = this.any(earlier);
    one.uses.push({ module, name: this.any(module.names), how: this.any(["named", "whole", "barrel"]) });
  }

  private rename(one: Module): void {
    const [old, fresh] = [this.any(one.names), `n${this.count++}`];
    one.names = one.names.map((name) => (name === old ? fresh : name));
    for (const { uses } of this.modules)
      for (const use of uses) if (use.module === one && use.name === old) use.name = fresh;
  }

  private remove(one: Module): void {
    this.modules = this.modules.filter((other) => other !== one);
    for (const other of this.modules) other.uses = other.uses.filter(({ module }) => module !== one);
  }

  private text(one: Module): string {
    const to = (path: string) => {
      const way = posix.relative(posix.dirname(one.path), path);
      return way.startsWith(".") ? way : `./${way}`;
    };
    const lines: string[] = [];
    const used: string[] = [];
    for (const [index, { module, name, how }] of one.uses.entries()) {
      if (how === "whole") lines.push(`import * as w${index} from "${to(module.path)}";`);
      else lines.push(`import { ${name} as u${index} } from "${to(how === "barrel" ? "src/index.js" : module.path)}";`);
      used.push(how === "whole" ? `w${index}.${name}` : `u${index}`);
    }
    for (const name of one.names) lines.push(`export const ${name} = () => [${used.join(", ")}];`);
    return `${lines.join("\n")}\n`;
  }
}
