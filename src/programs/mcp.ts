const USAGE = `usage: longwatch mcp

Serves the tools over standard input and output (MCP), for an agent's program that starts its servers as children. It
runs until that program ends, and speaks as the seat of the directory that it is started in. longwatch connect writes it
into the configuration of the program.
`;

type Told = { stdout(text: string): void; stderr(text: string): void };

/** `longwatch mcp`: an agent's program says no word more; whoever does is a person who looks for help. */
export async function main(argv: string[], { stdout, stderr }: Told, serve: () => Promise<void>): Promise<number> {
  if (argv.length === 0) {
    await serve();
    return 0;
  }
  const asksForHelp = argv.every((word) => word === "--help" || word === "-h");
  (asksForHelp ? stdout : stderr)(USAGE);
  return asksForHelp ? 0 : 2;
}
