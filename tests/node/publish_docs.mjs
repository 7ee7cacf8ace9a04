// The vendor's own publisher, with the options that stand in JSON on standard input.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [modules] = process.argv.slice(2);
const main = join(modules, "@aigne/publish-docs/lib/esm/index.js");
const { publishDocs } = await import(pathToFileURL(main));
console.warn = () => {};
const { folder, ...options } = JSON.parse(readFileSync(0, "utf8"));
process.chdir(join(folder, ".."));
process.env.DOC_ROOT_DIR = "docs";
console.log(JSON.stringify(await publishDocs(options)));
