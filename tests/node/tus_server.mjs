// A TUS server that names files and answers as Media Kit's does: words are the node_modules, the
// folder to keep files in, and the site's public address. Its port is the first line it prints.
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [modules, folder, base] = process.argv.slice(2);
const here = createRequire(join(modules, "none.js"));
const { Server } = await import(pathToFileURL(here.resolve("@tus/server")));
const { FileStore } = await import(pathToFileURL(here.resolve("@tus/file-store")));
const url = (name) => `${base}/uploads/${name}`;
const location = (name) => `${new URL(base).pathname}/api/uploads/${name}`;
const sizes = new Map();

const tus = new Server({
  path: "/api/uploads",
  generateUrl: (_, { id }) => location(id),
  datastore: new FileStore({ directory: folder }),
  namingFunction: (request) => request.headers.get("x-uploader-file-name"),
  onUploadCreate: async (_, upload) => {
    sizes.set(upload.id, upload.size);
    return {};
  },
  onUploadFinish: async (_, upload) => ({
    status_code: 200,
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ url: url(upload.id) }),
  }),
});

function isWhole(name) {
  const file = name && join(folder, name);
  return file && existsSync(file) && statSync(file).size === sizes.get(name);
}

createServer((request, answer) => {
  const name = request.headers["x-uploader-file-name"];
  if (["POST", "PATCH"].includes(request.method) && isWhole(name)) {
    request.resume();
    const said = { "Content-Type": "application/json", Location: location(name) };
    answer.writeHead(200, said).end(JSON.stringify({ url: url(name) }));
  } else if (request.url.startsWith("/uploads/")) {
    const asked = request.url.slice("/uploads/".length);
    if (!isWhole(asked)) return answer.writeHead(404).end();
    answer.writeHead(200);
    createReadStream(join(folder, asked)).pipe(answer);
  } else {
    tus.handle(request, answer);
  }
}).listen(0, "127.0.0.1", function () {
  console.log(this.address().port);
});
