// Follows events and prints each one's module, until it has seen as many as it is to. Run while the service restarts.
import { configure, followEvents } from "@modplane/client";

const [, , type, after, count] = process.argv;
configure({ baseUrl: process.env.MODPLANE_URL, token: process.env.MODPLANE_TOKEN });
const enough = new AbortController();
let seen = 0;
for await (const event of followEvents({ type: [type] }, { after, signal: enough.signal })) {
  console.log(event.module_id);
  // Once more than expected would be printed, were it to come at once.
  if (++seen === Number(count)) setTimeout(() => enough.abort(), 300);
}
