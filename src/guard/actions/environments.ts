/**
 * Whether people outside the fleet live with the result. Everything is production unless its text names another
 * environment in a place where environments are named, and production nowhere.
 */
const production_words = new Set(["prod", "production", "prd", "live", "main", "master"]);
const other_words = new Set(
  `preview staging stage stg dev develop development test testing local localhost sandbox qa uat demo
  ci minikube kind docker-desktop`.split(/\s+/),
);
const settings = new Set(
  `-e --env --environment --stage --target -t -n --namespace --context --kube-context --profile --project
  --workspace -c --config --remote -r -a --app -s --stack --cluster --alias --dotenv -i --inventory -d
  --destination --rails-env -f --file --url --database --host -h`.split(/\s+/),
);
const variables =
  /^(RAILS_ENV|RACK_ENV|NODE_ENV|APP_ENV|MIX_ENV|FLASK_ENV|DJANGO_ENV|ENV|ENVIRONMENT|STAGE|DEPLOY_ENV|KUBECONTEXT)$/;

/** Environments that live on this machine and belong to nobody else. */
const here =
  /^(kind(-.*)?|minikube|docker-desktop|colima|rancher-desktop|k3d-.*|orbstack|local|localhost|test|testing)$/;

const parts = (value: string) => value.toLowerCase().split(/[^a-z0-9-]+|(?<=[a-z])-(?=[a-z])/);
const has = (value: string, words: ReadonlySet<string>) =>
  words.has(value.toLowerCase()) || parts(value).some((part) => words.has(part));

export type Environment = { id: string; production: boolean; isHere: boolean };

/** What the options and variables of a command say of the environment that it changes. */
export function environmentOf(
  args: readonly (string | null)[],
  env: ReadonlyMap<string, string | null>,
  positional: readonly string[] = [],
): Environment {
  const named: string[] = [...positional];
  for (const [index, arg] of args.entries()) {
    if (arg === null) continue;
    const [, option, value] = /^(--?[\w-]+)=(.*)$/s.exec(arg) ?? [];
    if (option !== undefined && settings.has(option)) named.push(value!);
    else if (settings.has(arg) && typeof args[index + 1] === "string") named.push(args[index + 1]!);
    else if (/^--(prod|production|live)$/.test(arg)) named.push("production");
    else if (/^\w+=/.test(arg) && variables.test(arg.slice(0, arg.indexOf("="))))
      named.push(arg.slice(arg.indexOf("=") + 1));
  }
  for (const [name, value] of env) if (variables.test(name) && value) named.push(value);
  const isProduction = named.some((value) => has(value, production_words));
  const other = isProduction ? undefined : named.find((value) => has(value, other_words));
  if (other === undefined) return { id: "production", production: true, isHere: false };
  return { id: other, production: false, isHere: here.test(other) };
}
