// An agent without a model. The stand-in of the tests says the same in Python.
export default async function echo({ text, times = 1 }) {
  switch (text) {
    case "fail":
      throw new Error("echo was told to fail");
    case "environment":
      return { message: Object.keys(process.env).sort().join(" ") };
    case "words":
      return { message: process.argv.slice(2).join(" ") };
    case "object":
      return { reply: "no message" };
    case "nothing":
      return { message: "" };
    default:
      return { message: Array(Number(times)).fill(text).join(" ") };
  }
}
echo.agent_name = "echo";
echo.description = "says what it hears";
echo.input_schema = {
  type: "object",
  properties: { text: { type: "string" }, times: { type: "number" } },
  required: ["text"],
};
