'use strict';
/*
 * npm's ssh2 as a client and as a server:
 *
 *   node peer.js clients          does the jobs of standard input
 *   node peer.js server OPTIONS   mirrors what every command is sent; its
 *                                 options are those of ../caller
 *
 * A job is a line of JSON, an object: a number by which its answer is known,
 * port, user, algorithms, rekey, command, input in base64, and what is shown: a
 * key, a password, an answer to all prompts, or a key with host and name, by
 * which that host says that its user of this name is here. The answer
 * has the number, status, out and error. Many run at a time.
 */
const { Client, Server, utils } = require('ssh2');
const known = require('ssh2/lib/protocol/constants.js');
const fs = require('fs');
const readline = require('readline');
const { parseArgs } = require('util');

const FAILED = 255;
const MIRRORED = 7;

const [role, ...rest] = process.argv.slice(2);
const option = (short, multiple = false) =>
  ({ type: 'string', short, multiple });
const { values: options } = parseArgs({
  args: rest, options: {
    port: option('p'), user: option('u'), password: option('w'),
    keys: option('a'), hostKey: option('H', true),
    believed: option('V') } });

const all = {
  kex: known.SUPPORTED_KEX,
  serverHostKey: known.SUPPORTED_SERVER_HOST_KEY,
  cipher: known.SUPPORTED_CIPHER,
  hmac: known.SUPPORTED_MAC,
  compress: known.SUPPORTED_COMPRESSION,
};

/* Sends it with new keys in its middle, where they are wanted. */
async function send(client, channel, data, rekey) {
  const half = Math.floor(data.length / 2);
  await new Promise((done) => channel.write(data.subarray(0, half), done));
  if (rekey)
    client._protocol.rekey();
  channel.end(data.subarray(half));
}

/* What the client is to show, and nothing else. */
function proofOf(job) {
  if (job.password)
    return { authHandler: ['password'], password: job.password };
  if (job.answer)
    return { authHandler: ['keyboard-interactive'], tryKeyboard: true };
  const privateKey = fs.readFileSync(job.key);
  return job.host
    ? { authHandler: ['hostbased'], privateKey, localHostname: job.host,
      localUsername: job.name }
    : { privateKey };
}

function runClient(job) {
  return new Promise((resolve) => {
    const client = new Client();
    const out = [];
    const error = [];
    let status = FAILED;
    client.on('error', ({ message }) => error.push(Buffer.from(message)));
    client.on('close', () => resolve({ number: job.number, status,
      out: Buffer.concat(out).toString('base64'),
      error: Buffer.concat(error).toString('base64') }));
    client.on('keyboard-interactive', (name, text, language, prompts, finish) =>
      finish(prompts.map(() => job.answer)));
    /* Here, since the exit of a command may be in the same read. */
    client.on('ready', () => client.exec(job.command, (refused, channel) => {
      if (refused) {
        error.push(Buffer.from(refused.message));
        return client.end();
      }
      channel.on('data', (data) => out.push(data));
      channel.stderr.on('data', (data) => error.push(data));
      channel.on('exit', (code) => { status = code ?? FAILED; });
      channel.on('close', () => client.end());
      return send(client, channel, Buffer.from(job.input, 'base64'),
        job.rekey);
    }));
    client.connect({ host: '127.0.0.1', port: job.port, username: job.user,
      ...proofOf(job),
      algorithms: { ...all, ...job.algorithms } });
  });
}

function runClients() {
  readline.createInterface({ input: process.stdin }).on('line',
    async (line) => {
      const answer = await runClient(JSON.parse(line));
      process.stdout.write(`${JSON.stringify(answer)}\n`);
    });
}

function isListed(given) {
  return fs.readFileSync(options.keys, 'utf8').split('\n').some((line) => {
    const key = line && utils.parseKey(line);
    /* Of some types it knows nothing. */
    return key && !(key instanceof Error) && given.data.equals(key.getPublicSSH());
  });
}

/* The first line of its file is a host's name, the second its key. */
function isBelieved(context) {
  const [name, line] =
    fs.readFileSync(options.believed, 'utf8').split('\n');
  return context.localHostname === name &&
    context.localUsername === options.user &&
    context.key.data.equals(utils.parseKey(line).getPublicSSH());
}

function hasSigned(context) {
  const key = utils.parseKey(
    `${context.key.algo.replace(/^rsa-sha2.*/, 'ssh-rsa')} ` +
    context.key.data.toString('base64'));
  return key.verify(context.blob, context.signature, context.hashAlgo);
}

function authenticate(context) {
  const judge = (isRight) =>
    (isRight && context.username === options.user
      ? context.accept() : context.reject());
  if (context.method === 'password')
    return judge(context.password === options.password);
  if (context.method === 'keyboard-interactive')
    return context.prompt([{ prompt: 'Word: ', echo: false }],
      ([answer]) => judge(answer === options.password));
  if (context.method === 'publickey')
    return judge(isListed(context.key) &&
      (!context.signature || hasSigned(context) === true));
  if (context.method === 'hostbased')
    return judge(isBelieved(context) && hasSigned(context) === true);
  return context.reject(['publickey', 'password', 'keyboard-interactive',
    'hostbased']);
}

function mirror(channel) {
  channel.on('data', (data) => {
    if (!channel.write(data)) {
      channel.pause();
      channel.once('drain', () => channel.resume());
    }
  });
  channel.on('end', () => {
    channel.stderr.write('done\n');
    channel.exit(MIRRORED);
    channel.end();
  });
}

function runServer() {
  const settings = { hostKeys: options.hostKey.map((path) =>
    fs.readFileSync(path)), algorithms: { ...all } };
  delete settings.algorithms.serverHostKey;
  /* As a server it has none, though it says so. */
  settings.algorithms.kex = all.kex.filter((name) =>
    !name.includes('group-exchange'));
  new Server(settings, (client) => {
    client.on('authentication', authenticate);
    client.on('session', (accept) =>
      accept().on('exec', (acceptExec) => mirror(acceptExec())));
    client.on('error', () => {});
  }).listen(Number(options.port), '127.0.0.1');
}

if (role === 'server')
  runServer();
else
  runClients();
