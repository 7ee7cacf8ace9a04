// Asks GitHub's own language service about workflows and actions.
//   node language_service.mjs NODE_MODULES OWN_REPOSITORY OWN_FOLDER
// Standard input: [{path, root, text}], root being the folder that `./` means in that file.
// Standard output: [{path, line, column, message}].
import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { join } from "node:path";
import { text as read } from "node:stream/consumers";
import { pathToFileURL } from "node:url";

const [modules, ownRepository, ownFolder] = process.argv.slice(2);

// The service imports its JSON without the attribute that Node asks for.
registerHooks({
  load: (url, context, next) =>
    next(url, url.endsWith(".json") ? { ...context, importAttributes: { type: "json" } } : context),
});
const load = (file) => import(pathToFileURL(join(modules, file)));
const { registerLogger, validate } = await load("@actions/languageservice/dist/index.js");
const { TextDocument } = await load("vscode-languageserver-textdocument/lib/esm/main.js");
const { parse } = await load("yaml/dist/index.js");

// What it stumbles over it only logs, and then says that all is well.
const stumbled = [];
const silent = () => {};
registerLogger({ error: (words) => stumbled.push(words), warn: silent, info: silent, log: silent });

const isOwn = (reference) => `${reference.owner}/${reference.repository}` === ownRepository;

const providers = (root) => ({
  fileProvider: {
    getFileContent: async (reference) => {
      const own = "repository" in reference;
      if (own && !isOwn(reference)) throw new Error(`not looked at: ${reference.path}`);
      const path = join(own ? ownFolder : root, reference.path);
      return { name: reference.path, content: readFileSync(path, "utf8") };
    },
  },
  actionsMetadataProvider: {
    // Of actions that are not here nothing is known, which is told by an empty description.
    fetchActionMetadata: async ({ owner, name, path }) =>
      isOwn({ owner, repository: name })
        ? parse(readFileSync(join(ownFolder, path ?? "", "action.yml"), "utf8"))
        : {},
  },
});

const findings = [];
for (const { path, root, text } of JSON.parse(await read(process.stdin))) {
  const document = TextDocument.create(path, "yaml", 1, text);
  const found = (await validate(document, providers(root))).map(({ message, range }) => ({
    path,
    line: range.start.line + 1,
    column: range.start.character + 1,
    message,
  }));
  const failures = stumbled.splice(0).map((message) => ({ path, line: 1, column: 1, message }));
  findings.push(...found, ...failures);
}
process.stdout.write(JSON.stringify(findings));
