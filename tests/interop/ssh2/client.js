'use strict';
/*
 * npm's ssh2 as a client: node client.js PORT USER KEYFILE TASK [ARGUMENT]
 * does one task and prints what came of it as one line of JSON.
 */
const { Client, utils } = require('ssh2');
const crypto = require('crypto');
const fs = require('fs');

const [port, username, keyFile, task, argument] = process.argv.slice(2);
const MEGABYTE = 1024 * 1024;

const sha256 = (data) =>
  crypto.createHash('sha256').update(data).digest('hex');

function connect(options) {
  return new Promise((resolve, reject) => {
    const client = new Client();
    client.on('ready', () => resolve(client)).on('error', reject);
    client.handshakes = 0;
    client.on('handshake', () => { client.handshakes++; });
    client.connect({ host: '127.0.0.1', port: Number(port), username,
      privateKey: fs.readFileSync(keyFile), ...options });
  });
}

/*
 * Starts a command, or a shell for null; its channel. Of a short command the
 * exit may be in the same read as the answer to its request, and is told
 * before a promise tells of the channel: who listens later hears nothing of it.
 */
function start(client, command, options = {}) {
  return new Promise((resolve, reject) => {
    const done = (error, channel) => {
      if (error)
        return reject(error);
      channel.ending = {};
      channel.on('exit', (status, signal) =>
        Object.assign(channel.ending, { status, signal }));
      return resolve(channel);
    };
    if (command === null)
      client.shell(options.pty, options, done);
    else
      client.exec(command, options, done);
  });
}

/* All that a channel brings until it is closed. */
function collect(channel) {
  return new Promise((resolve) => {
    const out = [];
    const err = [];
    channel.on('data', (data) => out.push(data));
    channel.stderr.on('data', (data) => err.push(data));
    channel.on('close', () => resolve({ ...channel.ending,
      out: Buffer.concat(out), err: Buffer.concat(err).toString() }));
  });
}

function waitFor(channel, text) {
  return new Promise((resolve) => {
    let seen = '';
    const look = (data) => {
      seen += data;
      if (!seen.includes(text))
        return;
      channel.removeListener('data', look);
      resolve();
    };
    channel.on('data', look);
  });
}

async function run(client, command, options, input) {
  const channel = await start(client, command, options);
  const result = collect(channel);
  channel.end(input);
  const { out, ...rest } = await result;
  return { out: out.toString(), ...rest };
}

const tasks = {
  exec: (client) => run(client, argument),

  env: (client) => run(client, 'env',
    { env: { LC_TEST: 'yes', LD_PRELOAD: 'evil' } }),

  halfClose: (client) => run(client,
    'cat >/dev/null; sleep 0.2; echo after', {}, 'x'.repeat(1000)),

  /* With a rekey after every fourth megabyte sent. */
  async bulk(client) {
    const data = crypto.randomBytes(10 * MEGABYTE);
    const channel = await start(client, 'cat');
    const result = collect(channel);
    for (let at = 0; at < data.length; at += MEGABYTE) {
      if (at % (4 * MEGABYTE) === 0)
        client._protocol.rekey();
      const part = data.subarray(at, at + MEGABYTE);
      await new Promise((resolve) => channel.write(part, resolve));
    }
    channel.end();
    const { out, status } = await result;
    return { sent: sha256(data), received: sha256(out), status,
      handshakes: client.handshakes };
  },

  async terminal(client) {
    const channel = await start(client, null,
      { pty: { term: 'xterm-test', rows: 30, cols: 100 } });
    const result = collect(channel);
    channel.write('stty size; echo t=$TERM\n');
    await waitFor(channel, 't=xterm-test\r\n');
    channel.setWindow(40, 120, 0, 0);
    channel.write('stty size; echo e$((1+1))\n');
    await waitFor(channel, 'e2\r\n');
    channel.end('exit 7\n');
    const { out, status } = await result;
    return { out: out.toString(), status };
  },

  async signal(client) {
    const channel = await start(client,
      'trap "echo caught; exit 5" USR1; echo ready; ' +
      'while :; do sleep 0.05; done');
    const result = collect(channel);
    await waitFor(channel, 'ready\n');
    channel.signal('USR1');
    const { out, status } = await result;
    return { out: out.toString(), status };
  },

  channels: (client) => Promise.all(
    Array.from({ length: 20 }, (_, i) => run(client,
      `sleep 0.2; echo ${i}; cat; exit ${i}`, {}, `in${i}`))),
};

async function main() {
  const options = {};
  if (task === 'bulk')
    options.algorithms = { cipher: [argument] };
  if (task === 'wrongKey')
    options.privateKey = utils.generateKeyPairSync('ed25519').private;
  try {
    const client = await connect(options);
    console.log(JSON.stringify(await tasks[task](client)));
    client.end();
  } catch (error) {
    console.log(JSON.stringify(
      { error: error.message, level: error.level }));
  }
}

main();
