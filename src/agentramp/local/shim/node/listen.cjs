// Runs first in every Node process of an agent: the configured port becomes the assigned one, on
// loopback, in every form in which net.Server.listen can be called.
"use strict";

const net = require("node:net");

const configured = Number(process.env.AGENTRAMP_PORT_CONFIGURED);
const assigned = Number(process.env.AGENTRAMP_PORT_ASSIGNED);
const LOOPBACK = "127.0.0.1";

function isOurs(port) {
  const named = typeof port === "number" || (typeof port === "string" && port.trim() !== "");
  return named && (Number(port) === configured || Number(port) === assigned);
}

function isOptions(value) {
  return typeof value === "object" && value !== null && "port" in value;
}

function mapped(args) {
  const [first, ...rest] = args;
  if (isOptions(first) && isOurs(first.port)) {
    return [{ ...first, port: assigned, host: LOOPBACK, ipv6Only: false }, ...rest];
  }
  if (!isOurs(first)) {
    return args;
  }
  // listen(port, host, backlog, callback): host may be left out, or be there and be empty.
  const hostIsThere = typeof rest[0] === "string" || rest[0] === undefined || rest[0] === null;
  return [assigned, LOOPBACK, ...(hostIsThere ? rest.slice(1) : rest)];
}

if (configured && assigned) {
  const listen = net.Server.prototype.listen;
  net.Server.prototype.listen = function (...args) {
    return listen.apply(this, mapped(args));
  };
}
