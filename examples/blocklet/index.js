// A small agent: it answers POST /openai/v1/chat/completions, and tells who it is on any other path.
const { createServer } = require("node:http");

const NAME = process.env.BLOCKLET_TITLE ?? "blocklet-example";
const PORT = Number(process.env.BLOCKLET_PORT ?? process.env.PORT ?? 3000);
const MOST_BYTES = 1_000_000;

const asked = (body) => {
  const messages = JSON.parse(body).messages ?? [];
  return messages.at(-1)?.content ?? "";
};

const answer = (text) => `You asked: ${text}`;

const json = (response, status, value) => {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(value));
};

const stream = (response, text) => {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  for (const word of text.split(/(?<= )/)) {
    response.write(`data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: word } }] })}\n\n`);
  }
  response.write(`data: ${JSON.stringify({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] })}\n\n`);
  response.end("data: [DONE]\n\n");
};

const chat = (body, response) => {
  const text = answer(asked(body));
  if (JSON.parse(body).stream) return stream(response, text);
  json(response, 200, { choices: [{ index: 0, message: { role: "assistant", content: text } }] });
};

createServer((request, response) => {
  if (request.method !== "POST") return json(response, 200, { name: NAME, status: "ok" });
  let body = "";
  request.on("data", (part) => {
    body += part;
    if (body.length > MOST_BYTES) request.destroy();
  });
  request.on("end", () => {
    try {
      chat(body, response);
    } catch {
      json(response, 400, { error: "the body is no chat in JSON" });
    }
  });
}).listen(PORT);
