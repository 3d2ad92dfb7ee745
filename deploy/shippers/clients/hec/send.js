// Sends the lines of a file as HEC events with Splunk's own library, in batches, and sends a batch again until it is taken.
const fs = require("fs");
const { Logger } = require("splunk-logging");
const [, , url, tokenFile, file] = process.argv;
const size = 500;

const logger = new Logger({ url, token: fs.readFileSync(tokenFile, "utf8").trim(), maxBatchCount: 0, maxRetries: 1000 });
logger.eventFormatter = (message) => message; // the record itself, without an envelope of the library's
logger.error = () => {};                      // a server that is away is told by the callback

const lines = fs.readFileSync(file, "utf8").split("\n").filter(Boolean);
const next = (from) => {
  if (from >= lines.length) return;
  for (const line of lines.slice(from, from + size)) logger.send({ message: JSON.parse(line) });
  const flush = () => {
    const held = logger.serializedContextQueue.slice();
    logger.flush((err, res, body) => {
      if (!err && body && body.code === 0) return next(from + size);
      logger.serializedContextQueue = held; // what failed is offered again
      setTimeout(flush, 500);
    });
  };
  flush();
};
next(0);
