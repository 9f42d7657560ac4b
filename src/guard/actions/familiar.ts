import { entry, type Call, known } from "./call.ts";

/** Programs that take words for text, patterns or names: another program's name among them means nothing. */
const textual = new Set(
  `echo printf print cat grep egrep fgrep zgrep rg ag ack man info tldr apropos whatis which whereis type hash
  command history compgen complete help look spell aspell test [ [[ expr let true false : sleep seq yes date
  cal basename dirname realpath readlink ls dir tree find fd locate stat file wc head tail less more most bat
  sort uniq cut tr paste join comm diff cmp colordiff delta sed awk gawk jq yq xq gron column nl od xxd
  strings md5sum sha256sum cksum tee touch mkdir rmdir cp mv ln chmod chown export unset set shopt alias
  unalias declare typeset local readonly read mapfile readarray cd pushd popd dirs pwd trap wait jobs fg bg
  kill ps top htop pgrep pkill killall lsof netstat ss ping dig nslookup host curl wget http https open
  xdg-open code vim vi nvim nano emacs pip pipx gem brew apt apt-get apt-cache dpkg yum dnf pacman apk snap
  flatpak port choco winget asdf go rustup cargo conda eslint prettier tsc shellcheck shfmt markdownlint vale
  pytest jest vitest mocha rspec ctest phpunit codespell base64 pbcopy xclip notify-send say logger wall write
  mail figlet cowsay lolcat glow mdcat pandoc zip unzip tar gzip gunzip bzip2 xz 7z ar getopts getopt return
  exit break continue source . source_env dot umask ulimit times printenv env locale tput stty clear reset
  mkfifo mktemp install split csplit shuf fmt fold pr expand unexpand iconv dos2unix unix2dos hexdump jc mlr
  csvkit xsv qsv bd jira pre-commit husky commitlint commitizen cz lint-staged codecov snyk trivy gitleaks trufflehog
  semgrep tokei cloc scc`.split(/\s+/),
);
export const isTextual = (name: string) => textual.has(name);

/** Programs that are known and run nobody else's words unless runsOthers says so. */
export const familiar = new Set(
  `npm pnpm yarn bun deno node python ruby perl php docker podman nerdctl docker-compose kubectl make just task
  rake gradle mvn dotnet swift xcodebuild flutter dart composer poetry uv uvx hatch pdm claude codex gemini
  opencode longwatch hub jj svn hg ssh mosh rsync scp sftp terraform tofu pulumi ansible helm psql mysql
  sqlite3 mongosh redis-cli createdb pg_dump pg_isready pg_restore mysqldump systemctl journalctl service
  crontab at atq tmux screen gpg openssl ssh-keygen ssh-add ssh-agent gcc clang cc ld cmake ninja meson bazel
  vite webpack rollup esbuild swc parcel next nuxt astro ng vue storybook playwright cypress puppeteer turbo
  nx lerna changeset rush m4 dc groff troff nroff rpm rpmspec rpmbuild lftp ftp logrotate foreman honcho tex latex
  pdflatex xelatex lualatex latexmk tectonic`.split(/\s+/),
);

/** Names that are also words, so that they begin no command in a text. */
export const words_of_everyday = new Set(
  `deploy up now auto np migrate platform k cr dep begin render convex pack stack cap porter encore clever mike
  ghost wp atlas flux salt puppet cws hf elm rush gel sky mc oc tk bb tea av hub pub console spring shards
  nimble goose phinx modal surge make just build depot ko mina waypoint finch migrate now auto mix sequel
  sequelize flask quart turso influx chamber up mongo snap artisan init copilot drone platform arc sl gt tf
  tsp vpm raco release-it begin begin influx`.split(/\s+/),
);

/** Aliases of the shells that people use (oh-my-zsh's git plugin), which an agent's shell has too. */
export const shortNames: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    gp: "git push",
    gpf: "git push --force-with-lease",
    "gpf!": "git push --force",
    gpoat: "git push origin --all",
    gpod: "git push origin --delete",
    gpsup: "git push --set-upstream origin HEAD",
    ggp: "git push origin",
    ggpush: "git push origin HEAD",
    gcp: "git cherry-pick",
    gm: "git merge",
  }).map(([name, words]) => [name, words.split(" ")]),
);

/** Known programs in the forms in which they run other programs' words. */
const forms: Readonly<Record<string, RegExp>> = {
  docker: /^(run|exec|compose|container|buildx)$/,
  podman: /^(run|exec|compose|container)$/,
  nerdctl: /^(run|exec|compose)$/,
  "docker-compose": /^(run|exec)$/,
  kubectl: /^(exec|debug|run)$/,
  npm: /^(exec|x|explore)$/,
  pnpm: /^(exec|dlx)$/,
  yarn: /^(exec|dlx|workspaces|workspace|node)$/,
  lerna: /^exec$/,
  tmux: /./,
  screen: /./,
  make: /./,
  cmake: /^-E$/,
  at: /./,
  crontab: /./,
  ansible: /./,
  vim: /^[+-]/,
  vi: /^[+-]/,
  nvim: /^[+-]/,
  emacs: /^--/,
  less: /^\+/,
  man: /^(-P|--pager|-H)/,
  tar: /^(--checkpoint-action|--to-command|-I|--use-compress-program|-F|--info-script)/,
  zip: /^-TT|^--unzip-command/,
  sort: /^--compress-program/,
  rsync: /^(-e|--rsh|--rsync-path)/,
  fd: /^-(x|X)$|^--exec/,
  rg: /^--pre\b/,
  split: /^--filter/,
  gdb: /./,
  pm2: /^start$/,
  asdf: /^exec$/,
  "ansible-console": /./,
  psql: /^(-c|--command)/,
  mysql: /^(-e|--execute)/,
  ssh: /./,
  mix: /^cmd$/,
  bazel: /^run$/,
  go: /^(run|generate)$/,
  cargo: /^(watch|make|run)$/,
  heroku: /^run/,
  fly: /^ssh$/,
  railway: /^run$/,
  claude: /^(-p|--print)$/,
};

export function runsOthers(call: Call): boolean {
  const form = entry(forms, call.name);
  return form !== undefined && known(call).some((arg) => form.test(arg));
}
