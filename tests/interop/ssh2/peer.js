'use strict';
/*
 * npm's ssh2 as a client and as a server, called as ../caller is:
 *
 *   node peer.js client OPTIONS COMMAND   ends with the command's exit status
 *   node peer.js server OPTIONS           mirrors what every command is sent
 */
const { Client, Server, utils } = require('ssh2');
const known = require('ssh2/lib/protocol/constants.js');
const fs = require('fs');
const { parseArgs } = require('util');

const FAILED = 255;
const MIRRORED = 7;

const [role, ...rest] = process.argv.slice(2);
const option = (short, multiple = false) =>
  ({ type: 'string', short, multiple });
const { values: options, positionals } = parseArgs({
  args: rest, allowPositionals: true, options: {
    port: option('p'), user: option('u'), key: option('i'),
    password: option('w'), keys: option('a'), hostKey: option('H', true),
    kex: option('k'), serverHostKey: option('h'), cipher: option('c'),
    hmac: option('m'), compress: option('z'), rekey: option('r') } });

const list = (names, all) => (names ? names.split(',') : all);

const algorithms = {
  kex: list(options.kex, known.SUPPORTED_KEX),
  serverHostKey: list(options.serverHostKey, known.SUPPORTED_SERVER_HOST_KEY),
  cipher: list(options.cipher, known.SUPPORTED_CIPHER),
  hmac: list(options.hmac, known.SUPPORTED_MAC),
  compress: list(options.compress, known.SUPPORTED_COMPRESSION),
};

function die(error) {
  console.error(`ssh2: ${error.message}`);
  process.exit(FAILED);
}

/* Sends what is on standard input, with new keys in its middle. */
async function send(client, channel) {
  const data = fs.readFileSync(0);
  const half = Math.floor(data.length / 2);
  await new Promise((done) => channel.write(data.subarray(0, half), done));
  if (options.rekey)
    client._protocol.rekey();
  channel.end(data.subarray(half));
}

function runClient(command) {
  const client = new Client();
  let status = FAILED;
  client.on('error', die);
  client.on('ready', () => client.exec(command, (error, channel) => {
    if (error)
      die(error);
    channel.pipe(process.stdout);
    channel.stderr.pipe(process.stderr);
    channel.on('exit', (code) => { status = code ?? FAILED; });
    channel.on('close', () => client.end());
    send(client, channel);
  }));
  client.on('close', () => { process.exitCode = status; });
  client.connect({ host: '127.0.0.1', port: Number(options.port),
    username: options.user, password: options.password,
    privateKey: options.key && fs.readFileSync(options.key), algorithms });
}

function isListed(given) {
  return fs.readFileSync(options.keys, 'utf8').split('\n').some((line) => {
    const key = line && utils.parseKey(line);
    /* Of some types it knows nothing. */
    return key && !(key instanceof Error) && given.data.equals(key.getPublicSSH());
  });
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
  return context.reject(['publickey', 'password', 'keyboard-interactive']);
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
    fs.readFileSync(path)), algorithms: { ...algorithms } };
  delete settings.algorithms.serverHostKey;
  /* As a server it has none, though it says so. */
  settings.algorithms.kex = algorithms.kex.filter((name) =>
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
  runClient(positionals[0]);
