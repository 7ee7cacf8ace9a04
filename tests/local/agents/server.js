// A Node agent; LISTEN chooses the form of the call.
const fs = require("fs");
const http = require("http");

const version = fs.readFileSync("version.txt", "utf8");
const server = http.createServer((request, response) => response.end(version));
const forms = {
  port: () => server.listen(9000),
  text: () => server.listen("9000"),
  host: () => server.listen(9000, "0.0.0.0", () => console.log("ready")),
  backlog: () => server.listen(9000, 128, () => console.log("ready")),
  callback: () => server.listen(9000, () => console.log("ready")),
  empty: () => server.listen(9000, undefined, 128, () => console.log("ready")),
  options: () => server.listen({ port: 9000, host: "::", backlog: 128 }, () => console.log("ready")),
  env: () => server.listen(process.env.PORT),
};
forms[process.env.LISTEN]();
