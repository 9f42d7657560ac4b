// Read by Node before the sources of a clone (`--require`): what it made of them is kept, so that only the first start
// after a change strips their types and compiles them (the server 1.3 s of processor time, then 0.7; a guard 0.4, then
// 0.1). Where it cannot be kept, Node goes on without.
const { enableCompileCache } = require("node:module");
const { join } = require("node:path");

enableCompileCache(join(__dirname, "..", "node_modules", ".cache", "longwatch", "compiled"));
