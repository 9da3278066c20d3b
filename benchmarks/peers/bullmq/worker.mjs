// One worker process of the peer: per job read the person and the opt-out, insert the text, POST it, record the result.
import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "bullmq";
import { Redis } from "ioredis";
import pg from "pg";
import { Pool as HttpPool } from "undici";

const { DATABASE_URL, STUB_URL, REDIS_SOCKET, CONCURRENCY, GO_FILE } = process.env;
const concurrency = Number(CONCURRENCY);
const http = new HttpPool(STUB_URL, { connections: concurrency, pipelining: 1 });
const database = new pg.Pool({ connectionString: DATABASE_URL, max: 20 });
const BODY = "Hi, this is Harbor Plumbing. Your appointment is tomorrow at 9 AM. Reply STOP to opt out.";

async function sendText({ data: { person_id: personId } }) {
  const { rows: [person] } = await database.query({
    name: "person", text: "select phone_e164, opted_out from people where id = $1", values: [personId],
  });
  if (person.opted_out) return;
  const { rows: [message] } = await database.query({
    name: "insert",
    text: "insert into messages (person_id, phone_e164, body, status) values ($1, $2, $3, 'posting') returning id",
    values: [personId, person.phone_e164, BODY],
  });
  const form = new URLSearchParams({ To: person.phone_e164, From: "+12125550142", Body: BODY });
  const reply = await http.request({
    path: "/2010-04-01/Accounts/AC0/Messages.json",
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: form.toString(),
  });
  const { sid } = await reply.body.json();
  await database.query({
    name: "record",
    text: "update messages set status = 'accepted', provider_message_id = $2, accepted_at = now() where id = $1",
    values: [message.id, sid],
  });
}

await database.query("select 1");
const connection = new Redis(REDIS_SOCKET, { maxRetriesPerRequest: null });
const worker = new Worker("texts", sendText, { connection, concurrency, autorun: false, removeOnComplete: { count: 0 } });
worker.on("error", (error) => process.stderr.write(`${error}\n`));
await worker.waitUntilReady();
process.stdout.write("ready\n");
while (!existsSync(GO_FILE)) await sleep(5);
worker.run();
process.on("SIGTERM", () => worker.close().then(() => process.exit(0)));
