// Adds one job per person, in bulk, as the peer's documentation advises.
import { Queue } from "bullmq";
import { Redis } from "ioredis";

const jobs = Number(process.argv[2]);
const connection = new Redis(process.env.REDIS_SOCKET, { maxRetriesPerRequest: null });
const queue = new Queue("texts", { connection, defaultJobOptions: { attempts: 3 } });
for (let start = 0; start < jobs; start += 1000) {
  const people = Array.from({ length: Math.min(1000, jobs - start) }, (_, index) => start + index);
  await queue.addBulk(people.map((id) => ({ name: "send_text", data: { person_id: id } })));
}
await queue.close();
connection.disconnect();
