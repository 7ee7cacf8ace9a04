// Run in the folder of a server: a key of its own that may deploy, in a line that begins with KEY=.
const { createRequire } = require('node:module');
const { join } = require('node:path');

process.env.CLI_MODE = 'production';
process.env.NODE_ENV = 'production';
const vendor = createRequire(join(process.env.BLOCKLET_MODULES, 'package.json'));
const constant = vendor('@blocklet/cli/lib/constant');
for (const name of ['ABT_NODE_HOME', 'PM2_HOME', 'ABT_NODE_CONFIG_FILE', 'ABT_NODE_ACCESS_KEY_FILE']) {
  process.env[name] = constant[name];
}
const { getNode } = vendor('@blocklet/cli/lib/node');
const { SERVER_ROLES } = vendor('@abtnode/constant');

async function main() {
  const { node } = await getNode({ dir: process.cwd() });
  await new Promise((resolve) => node.onReady(resolve));
  const { did } = await node.getNodeInfo();
  const passports = [{ role: SERVER_ROLES.CI, status: 'valid' }];
  const asked = { teamDid: did, remark: 'a test', passport: SERVER_ROLES.CI };
  const key = await node.createAccessKey(asked, { user: { did, fullName: 'ci', passports } });
  console.log(`KEY=${JSON.stringify(key)}`);
  process.exit(0);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
