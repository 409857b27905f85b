'use strict';
/*
 * The SFTP of npm's ssh2: node files.js PORT USER KEYFILE TASK ARGUMENT...,
 * where a task is "put HERE THERE OFFSET", "get THERE HERE OFFSET",
 * "list FOLDER", "rename FROM TO" or "remove NAME".
 */
const { Client } = require('ssh2');
const fs = require('fs');
const { pipeline } = require('stream');

const [port, username, keyFile, task, ...args] = process.argv.slice(2);

function copy(from, to) {
  return (done) => pipeline(from, to, done);
}

/* From an offset as streams; whole files by the calls with many requests. */
const tasks = {
  put: (sftp, here, there, offset) => (done) => {
    const start = Number(offset);
    if (start === 0)
      return sftp.fastPut(here, there, done);
    return copy(fs.createReadStream(here, { start }),
      sftp.createWriteStream(there, { flags: 'r+', start }))(done);
  },
  get: (sftp, there, here, offset) => (done) => {
    const start = Number(offset);
    if (start === 0)
      return sftp.fastGet(there, here, done);
    return copy(sftp.createReadStream(there, { start }),
      fs.createWriteStream(here, { flags: 'r+', start }))(done);
  },
  list: (sftp, folder) => (done) => sftp.readdir(folder, (error, entries) => {
    if (!error)
      for (const entry of entries)
        console.log(entry.filename);
    done(error);
  }),
  rename: (sftp, from, to) => (done) => sftp.rename(from, to, done),
  remove: (sftp, name) => (done) => sftp.unlink(name, done),
};

function die(error) {
  console.error(error.message);
  process.exit(1);
}

const client = new Client();
client.on('error', die).on('ready', () => client.sftp((error, sftp) => {
  if (error)
    die(error);
  tasks[task](sftp, ...args)((problem) => {
    if (problem)
      die(problem);
    client.end();
  });
}));
client.connect({ host: '127.0.0.1', port: Number(port), username,
  privateKey: fs.readFileSync(keyFile) });
