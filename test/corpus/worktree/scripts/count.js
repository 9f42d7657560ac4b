const { readFileSync } = require("node:fs");
console.log(readFileSync("docs/deploying.md", "utf8").length, "git push origin main");
