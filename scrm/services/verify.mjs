// Checks an audit log of SCRM Hub without SCRM Hub: an export (audit.jsonl) or an unpacked evidence ZIP (its folder).
//   node verify.mjs audit.jsonl [--checkpoint FILE] [--pubkey FILE]      node verify.mjs FOLDER
// Exit code: 0 intact and signed for, 1 tampered with, 2 intact but partly unsigned, 3 unreadable.
// Written from the description of the format (docs/reference/audit-log.md) alone; needs Node 18 and nothing else.
import { createHash, createPublicKey, verify } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

const sha = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest();
const hex = (text) => Buffer.from(text, "hex");
const b64 = (text) => Buffer.from(text, "base64");
const leaf = (entry) => sha(Buffer.from([0]), hex(entry));
const node = (left, right) => sha(Buffer.from([1]), left, right);
const commitment = (salt, text) => sha(hex(salt), text).toString("hex");
const lines = (path) => readFileSync(path, "utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line));
const tampered = (seq, kind, about = "") => { throw { code: 1, told: `tampered: entry ${seq} ${kind} ${about}`.trim() }; };

function entryHash(e) { // the keys in the order of their names, as JSON.stringify writes them
  const { action, actor, actor_role, at, commitment, object_id, object_type, object_version, prev, seq } = e;
  const fields = { action, actor, actor_role, at, commitment, object_id, object_type, object_version, prev, seq, v: 1 };
  return sha(Buffer.from([0]), JSON.stringify(fields)).toString("hex");
}
function checkEntry(e) {
  if ((e.payload === null) !== (e.salt === null)) tampered(e.seq, "content_mismatch");
  if (e.payload !== null && commitment(e.salt, e.payload) !== e.commitment) tampered(e.seq, "content_mismatch");
  if (entryHash(e) !== e.entry) tampered(e.seq, "entry_mismatch");
}
function readKey(line) { // name+id+base64(1, 32 bytes of Ed25519)
  const [, name, id, key] = line.trim().match(/^([^+]+)\+([0-9a-f]{8})\+(.+)$/);
  const der = Buffer.concat([hex("302a300506032b6570032100"), b64(key).subarray(1)]);
  return { name, id, line: line.trim(), key: createPublicKey({ key: der, format: "der", type: "spki" }) };
}
function followKeys(keys, entries) { // each key signs its successor
  for (const e of entries.filter((e) => e.action === "audit.key_changed" && e.payload)) {
    const { previous, public_key, signature } = JSON.parse(e.payload);
    const old = keys.find((one) => one.line === previous);
    if (old && verify(null, Buffer.from(public_key), old.key, b64(signature))) keys.push(readKey(public_key));
  }
  return keys;
}
function readCheckpoint(path, keys) {
  const [body, below] = readFileSync(path, "utf8").split("\n\n");
  const [origin, size, root, at] = body.split("\n");
  const signed = below.split("\n").some((line) => {
    const [dash, name, value] = line.split(" ");
    if (dash !== "—" || name !== origin) return false;
    const id = b64(value).subarray(0, 4).toString("hex"), key = keys.find((one) => one.id === id && one.name === name);
    return key && verify(null, Buffer.from(body + "\n"), key.key, b64(value).subarray(4));
  });
  if (!signed) tampered(size, "bad_checkpoint");
  return { size: Number(size), root, at };
}
function checkChain(entries, checkpoint) {
  const peaks = []; // [hash, leaves]: complete subtrees, the largest first
  const root = () => peaks.reduceRight((right, [hash]) => (right ? node(hash, right) : hash), null).toString("base64");
  let prev = "0".repeat(64), seq = 0;
  for (const e of entries) {
    seq += 1;
    if (e.seq !== seq) tampered(seq, e.seq < seq || entries.some((o) => o.seq === seq) ? "reordered" : seq === 1 ? "missing_first" : "gap");
    if (e.prev !== prev) tampered(seq, "prev_mismatch");
    checkEntry(e);
    prev = e.entry;
    let top = [leaf(e.entry), 1];
    while (peaks.length && peaks.at(-1)[1] === top[1]) top = [node(peaks.pop()[0], top[0]), top[1] * 2];
    peaks.push(top);
    if (seq === checkpoint?.size && root() !== checkpoint.root) tampered(seq, "root_mismatch");
  }
  if (checkpoint && seq < checkpoint.size) tampered(seq + 1, "truncated");
  return seq - (checkpoint?.size ?? 0);
}
function rootFrom(entry, index, size, path) { // RFC 9162 2.1.3.2
  let first = index, last = size - 1, hash = leaf(entry);
  for (const sibling of path.map(b64)) {
    if (first % 2 || first === last) {
      hash = node(sibling, hash);
      while (first % 2 === 0 && first) [first, last] = [first / 2, Math.floor(last / 2)];
    } else hash = node(hash, sibling);
    [first, last] = [Math.floor(first / 2), Math.floor(last / 2)];
  }
  return last === 0 ? hash.toString("base64") : "";
}
function checkEvidence(folder, entries, checkpoint) {
  const proofs = JSON.parse(readFileSync(join(folder, "proofs.json"), "utf8"));
  for (const e of entries) {
    checkEntry(e);
    if (checkpoint && proofs[e.seq] && rootFrom(e.entry, e.seq - 1, checkpoint.size, proofs[e.seq]) !== checkpoint.root)
      tampered(e.seq, "root_mismatch");
  }
  const stored = entries.filter((e) => e.action === "entries.stored" && e.payload).flatMap((e) => JSON.parse(e.payload).entries);
  for (const { id, version, text, salt } of lines(join(folder, "messages.jsonl"))) {
    if (salt !== null && !stored.some((one) => one[0] === id && one[1] === version && one[2] === commitment(salt, text)))
      tampered(0, "wording_mismatch", id);
  }
  return entries.filter((e) => !checkpoint || !proofs[e.seq]).length;
}
try {
  const [target, ...options] = process.argv.slice(2);
  const folder = statSync(target).isDirectory(), beside = target.replace(/\.jsonl$/, "");
  const given = (name, usual) => (options.includes(name) ? options[options.indexOf(name) + 1] : existsSync(usual) ? usual : null);
  const file = given("--checkpoint", folder ? join(target, "checkpoint.txt") : `${beside}.checkpoint.txt`);
  const pubkey = given("--pubkey", folder ? join(target, "audit.pub") : `${beside}.pub`);
  const entries = lines(folder ? join(target, "audit.jsonl") : target);
  const keys = pubkey ? followKeys(readFileSync(pubkey, "utf8").trim().split("\n").map(readKey), entries) : [];
  const checkpoint = file && pubkey ? readCheckpoint(file, keys) : null;
  const open = folder ? checkEvidence(target, entries, checkpoint) : checkChain(entries, checkpoint);
  console.log(`intact: ${entries.length} entries, ${open} of them unsigned${checkpoint ? `; signed at ${checkpoint.at}` : ""}`);
  process.exitCode = open || !entries.length ? 2 : 0;
} catch (error) {
  console.log(error.told ?? `unreadable: ${error.message}`);
  process.exitCode = error.code === 1 ? 1 : 3;
}
