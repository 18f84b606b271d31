// Drives the npm package `plivo` through every endpoint. Arguments: base URL, auth id, auth token, a live call, an ended one.
// Prints one line of JSON for each answer: [name, body] or [name, "error", message].
const [base, authId, authToken, live, ended] = process.argv.slice(2);

// The SDK's host is fixed; its requests are sent to `base` instead.
const axios = require("axios");
const create = axios.create.bind(axios);
axios.create = (options) => {
  const instance = create(options);
  instance.interceptors.request.use((config) => ({ ...config, url: config.url.replace("https://api.plivo.com", base) }));
  return instance;
};
const plivo = require("plivo");
const calls = new plivo.Client(authId, authToken).calls;

const say = (...words) => console.log(JSON.stringify(words));
const ask = async (name, request) => {
  try {
    const answer = await request();
    say(name, answer);
    return answer;
  } catch (error) {
    say(name, "error", String(error.message || error));
    return {};
  }
};

(async () => {
  const url = "wss://bot.example.com/node";
  const started = await ask("stream", () => calls.stream(live, url, { bidirectional: true, streamTimeout: 60, contentType: "audio/x-mulaw;rate=8000" }));
  await ask("stream again", () => calls.stream(live, url));
  await ask("getStream", () => calls.getStream(live, started.streamId));
  await ask("getAllStream", () => calls.getAllStream(live));
  await ask("stopStream", () => calls.stopStream(live, started.streamId));
  await ask("stopAllStream", () => calls.stopAllStream(live));
  await ask("stopAllStream ended", () => calls.stopAllStream(ended));
  await ask("list", () => calls.list({ limit: 5, callDirection: "inbound" }));
  await ask("get", () => calls.get(ended));
  await ask("listLiveCalls", () => calls.listLiveCalls());
  await ask("getLiveCall", () => calls.getLiveCall(live));
  await ask("sendDigits", () => calls.sendDigits(live, "12#"));
  await ask("sendDigits ended", () => calls.sendDigits(ended, "12#"));
  await ask("hangup", () => calls.hangup(live));
  process.exit(0);
})();
