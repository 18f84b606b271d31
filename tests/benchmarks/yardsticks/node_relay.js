// The yardstick on Node's `ws`, on both sides: node node_relay.js PORT ws://customer/
const { randomUUID } = require("crypto");
const { WebSocket, WebSocketServer } = require("ws");
const [port, customerUrl] = process.argv.slice(2);

new WebSocketServer({ port: Number(port), host: "127.0.0.1", perMessageDeflate: false }).on("connection", (gateway) => {
  const streamId = randomUUID();
  const customer = new WebSocket(customerUrl, { perMessageDeflate: false });
  const early = [];
  let number = 0;
  const tell = (text) => (customer.readyState === WebSocket.OPEN ? customer.send(text) : early.push(text));
  customer.on("open", () => early.forEach((text) => customer.send(text)));
  gateway.on("message", (data, isBinary) => {
    if (!isBinary) return tell(`{"event":"start","sequenceNumber":1,"start":{"streamId":"${streamId}"}}`);
    number += 1;
    tell(
      `{"event":"media","sequenceNumber":${number + 1},"streamId":"${streamId}","media":{"track":"inbound",` +
        `"timestamp":"${Date.now()}","chunk":${number},"payload":"${data.toString("base64")}"},"extra_headers":""}`
    );
  });
  customer.on("message", (data) => gateway.send(Buffer.from(JSON.parse(data).media.payload, "base64")));
  customer.on("error", () => gateway.close());
  customer.on("close", () => gateway.close());
  gateway.on("close", () => customer.close());
});
