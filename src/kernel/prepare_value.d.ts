/** pg's own serialiser of values, which its types do not tell of. */
declare module "pg/lib/utils.js" {
  export function prepareValue(value: unknown): string | Buffer | null;
}
