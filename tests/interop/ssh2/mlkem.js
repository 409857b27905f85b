'use strict';
/*
 * ML-KEM-768 of @noble/post-quantum beside ours: node mlkem.js PROGRAM ROUNDS
 * has each open what the other made, and prints what differed as one line of
 * JSON.
 */
const { ml_kem768: noble } = require('@noble/post-quantum/ml-kem');
const { spawn } = require('child_process');
const crypto = require('crypto');
const readline = require('readline');

const [program, rounds] = process.argv.slice(2);
const hex = (bytes) => Buffer.from(bytes).toString('hex');
const bytes = (text) => Uint8Array.from(Buffer.from(text, 'hex'));

const ours = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] });
const lines = readline.createInterface({ input: ours.stdout })[
  Symbol.asyncIterator]();

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
  return [shared, hex(noble.decapsulate(ciphertext, secretKey))];
}

async function round(wrong) {
  const theirs = noble.keygen();
  const [publicKey, secretKey] = (await ask('generate')).map(bytes);
  const keys = [
    ['their key', theirs.publicKey, theirs.secretKey],
    ['our key', publicKey, secretKey],
  ];

  for (const [whose, open, secret] of keys) {
    const made = noble.encapsulate(open);
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
  const key = Uint8Array.from(noble.keygen().publicKey);
  key.fill(0xff, 0, 3);
  const [answer] = await ask('encapsulate', hex(key));

  if (answer !== 'refused')
    wrong.push('a key past the modulus is taken');
}

(async () => {
  const wrong = [];
  for (let i = 0; i < Number(rounds); i++)
    await round(wrong);
  await refusals(wrong);
  ours.stdin.end();
  console.log(JSON.stringify(wrong));
})();
