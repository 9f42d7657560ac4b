const { execSync } = require("node:child_process");
execSync("git push origin main");
