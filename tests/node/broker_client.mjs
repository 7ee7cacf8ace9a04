// The vendor's client buys a site: node broker_client.mjs MODULES, with what to do on standard
// input. It prints what the client came to.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(join(process.argv[2], "found-from-here.js"));
const { BrokerClient } = require("@blocklet/payment-broker-client/node");
const { baseUrl, authToken, successMessage, cachedCheckoutId } = JSON.parse(readFileSync(0, "utf8"));

const client = new BrokerClient({
  baseUrl,
  authToken,
  polling: { interval: 1, maxAttempts: 50, backoffStrategy: "linear" },
});
try {
  const found = await client.deploy({ cachedCheckoutId, pageInfo: { successMessage }, hooks: {} });
  const { sessionId, appUrl, homeUrl, dashboardUrl, subscriptionUrl, token } = found;
  console.log(
    JSON.stringify({ sessionId, appUrl, homeUrl, dashboardUrl, subscriptionUrl, token }),
  );
} catch (error) {
  console.log(JSON.stringify({ error: error.message, code: error.code }));
}
process.exit(0);
