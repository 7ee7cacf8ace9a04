// A new application and its owner, as one JSON object.
const { createRequire } = require('node:module');
const { join } = require('node:path');

const vendor = createRequire(join(process.env.BLOCKLET_MODULES, 'package.json'));
const { fromRandom } = vendor('@ocap/wallet');
const { types } = vendor('@ocap/mcrypto');

const app = fromRandom({ role: types.RoleType.ROLE_APPLICATION });
const owner = fromRandom({ role: types.RoleType.ROLE_ACCOUNT });
console.log(JSON.stringify({ appSk: app.secretKey, appDid: app.address, ownerSk: owner.secretKey }));
