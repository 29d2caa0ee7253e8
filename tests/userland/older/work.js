// What a program of node 0.10 does: files, children, sockets, timers, compression, hashes. Prints nothing that
// differs between two runs.
var fs = require('fs'), path = require('path'), http = require('http'), zlib = require('zlib');
var crypto = require('crypto'), os = require('os'), child = require('child_process'), assert = require('assert');
var folder = path.join(os.tmpdir(), 'abishim-node-' + process.pid), left = 5;
function done(what) {
  console.log(what);
  if (--left === 0) { console.log('all'); process.exit(0); }
}
fs.mkdirSync(folder);
fs.writeFileSync(path.join(folder, 'a'), 'text');
fs.renameSync(path.join(folder, 'a'), path.join(folder, 'b'));
assert.equal(fs.readFileSync(path.join(folder, 'b'), 'utf8'), 'text');
assert.equal(fs.statSync(path.join(folder, 'b')).size, 4);
assert.throws(function () { fs.openSync(path.join(folder, 'no'), 'r'); }, /ENOENT/);
assert.ok(Math.abs(Date.now() - fs.statSync(path.join(folder, 'b')).mtime.getTime()) < 60000);
fs.unlinkSync(path.join(folder, 'b'));
fs.rmdirSync(folder);
assert.equal(crypto.randomBytes(32).length, 32);
console.log(crypto.createHash('sha256').update('text').digest('hex'));

// One after another, so that the order of the lines is always the same.
function compress(next) {
  zlib.gzip(new Buffer('0123456789 0123456789'), function (error, packed) {
    zlib.gunzip(packed, function (wrong, text) { done('zlib ' + (error || wrong || text.toString())); next(); });
  });
}
function execute(next) {
  child.execFile('/bin/sh', ['-c', 'echo from a child; exit 3'], function (error, out) {
    done('child ' + error.code + ' ' + out.trim());
    next();
  });
}
function again(next) {
  child.execFile(process.execPath, ['-e', 'console.log(6 * 7)'], function (error, out) {
    done('node ' + error + ' ' + out.trim());
    next();
  });
}
function serve(next) {
  var server = http.createServer(function (request, response) { response.end('hello ' + request.url); });
  server.listen(0, '127.0.0.1', function () {
    http.get({port: server.address().port, path: '/x', agent: false}, function (response) {
      var text = '';
      response.on('data', function (part) { text += part; });
      response.on('end', function () { server.close(); done('http ' + text); next(); });
    });
  });
}
function wait() {
  var start = process.hrtime();
  setTimeout(function () {
    var passed = process.hrtime(start);
    done('timer ' + (passed[0] * 1e3 + passed[1] / 1e6 >= 49));
  }, 50);
}
compress(function () { execute(function () { again(function () { serve(wait); }); }); });
