import assert from "node:assert/strict";
import { test } from "node:test";
import { main } from "./mcp.ts";

test("longwatch mcp serves whoever says no word more, and tells everybody else what it is for", async () => {
  const heard: string[] = [];
  const told = {
    stdout: (text: string) => heard.push(`out ${text}`),
    stderr: (text: string) => heard.push(`err ${text}`),
  };
  const serve = async () => void heard.push("served");
  const codes = [
    await main(["--help"], told, serve),
    await main(["--nonsense"], told, serve),
    await main([], told, serve),
  ];
  assert.deepEqual(codes, [0, 2, 0]);
  assert.deepEqual(
    heard.map((text) => text.split("\n")[0]),
    ["out usage: longwatch mcp", "err usage: longwatch mcp", "served"],
  );
});
