// What a site hands over at the end of a sign-in, as @aigne/cli's own code expects it: CryptoJS's
// AES, and a passphrase from the challenge and the key's id. node encrypted_key.mjs MODULES
import { pbkdf2Sync } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(join(process.argv[2], "found-from-here.js"));
const AES = require("crypto-js/aes.js");
const { secret, accessKeyId, challenge } = JSON.parse(readFileSync(0, "utf8"));
const passphrase = pbkdf2Sync(challenge, accessKeyId, 256, 32, "sha512").toString("hex");
console.log(AES.encrypt(secret, passphrase).toString());
