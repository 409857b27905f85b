'use strict';
/*
 * A key encapsulation of npm's beside ours: node kem.js PROGRAM KEM ROUNDS has
 * each open what the other made, and prints what differed as one line of JSON.
 */
const { spawn } = require('child_process');
const crypto = require('crypto');
const readline = require('readline');

const [program, kem, rounds] = process.argv.slice(2);
const hex = (bytes) => Buffer.from(bytes).toString('hex');
const bytes = (text) => Uint8Array.from(Buffer.from(text, 'hex'));

const ours = spawn(program, [kem], { stdio: ['pipe', 'pipe', 'inherit'] });
const lines = readline.createInterface({ input: ours.stdout })[
  Symbol.asyncIterator]();

/* Each as one of @noble/post-quantum. */
const makers = {
  async mlkem768() {
    return require('@noble/post-quantum/ml-kem').ml_kem768;
  },
  async sntrup761() {
    const { createSntrup761 } = await import('@oqs/liboqs-js/kem');
    const theirs = await createSntrup761();
    return {
      keygen: () => theirs.generateKeyPair(),
      encapsulate(publicKey) {
        const made = theirs.encapsulate(publicKey);
        return { cipherText: made.ciphertext, sharedSecret: made.sharedSecret };
      },
      decapsulate: (sealed, secret) => theirs.decapsulate(sealed, secret),
    };
  },
};
let npms;

async function ask(...words) {
  ours.stdin.write(words.join(' ') + '\n');
  return (await lines.next()).value.split(' ');
}

function change(ciphertext) {
  const changed = Uint8Array.from(ciphertext);
  const at = crypto.randomInt(changed.length * 8);
  changed[at >> 3] ^= 1 << (at & 7);
  return changed;
}

/* What both make of a ciphertext for a key. */
async function opened(secretKey, ciphertext) {
  const [shared] = await ask('decapsulate', hex(secretKey), hex(ciphertext));
  return [shared, hex(npms.decapsulate(ciphertext, secretKey))];
}

async function round(wrong) {
  const theirs = npms.keygen();
  const [publicKey, secretKey] = (await ask('generate')).map(bytes);
  const keys = [
    ['their key', theirs.publicKey, theirs.secretKey],
    ['our key', publicKey, secretKey],
  ];

  for (const [whose, open, secret] of keys) {
    const made = npms.encapsulate(open);
    const [ciphertext, shared] = await ask('encapsulate', hex(open));
    const sides = [
      ['they sealed', made.cipherText, hex(made.sharedSecret)],
      ['we sealed', bytes(ciphertext), shared],
    ];

    for (const [who, sealed, wanted] of sides) {
      const good = await opened(secret, sealed);
      const bad = await opened(secret, change(sealed));

      if (good[0] !== wanted || good[1] !== wanted)
        wrong.push(`${whose}, ${who}: the secrets differ`);
      if (bad[0] !== bad[1] || bad[0] === wanted)
        wrong.push(`${whose}, ${who}: what was changed is not rejected alike`);
    }
  }
}

/* Coefficients past the modulus are no key (FIPS 203 7.2). */
async function refusals(wrong) {
  const key = Uint8Array.from(npms.keygen().publicKey);
  key.fill(0xff, 0, 3);
  const [answer] = await ask('encapsulate', hex(key));

  if (answer !== 'refused')
    wrong.push('a key past the modulus is taken');
}

(async () => {
  const wrong = [];
  npms = await makers[kem]();
  for (let i = 0; i < Number(rounds); i++)
    await round(wrong);
  if (kem === 'mlkem768')
    await refusals(wrong);
  ours.stdin.end();
  console.log(JSON.stringify(wrong));
})();
