import { connect } from "node:net";
import type { Answer, Sent } from "./client.ts";
import { silent } from "./silence.ts";

/**
 * One HTTP/1.1 request over a socket of its own, for the command line in a startup snapshot. node:http cannot be in a
 * snapshot (Node 24 aborts on its parser's binding), and loading it at run time costs 14 ms of the 25 that a command
 * takes. It speaks plain http only, without redirects, proxies or kept connections; the Client does the rest.
 */
export function exchangeOverSocket(sent: Sent): Promise<Answer> {
  const { url, signal, answer_bytes_max = Infinity, silence_ms } = sent;
  return new Promise((done, fail) => {
    const text = requestText(sent);
    const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
    const socket = connect({ host, port: Number(url.port || 80) });
    const parts: Buffer[] = [];
    let bytes = 0;
    let bytes_whole: number | undefined;
    const abort = () => socket.destroy(signal!.reason);
    if (signal?.aborted) abort();
    else signal?.addEventListener("abort", abort, { once: true });
    if (silence_ms) socket.setTimeout(silence_ms, () => socket.destroy(silent(silence_ms)));
    socket.on("error", fail);
    socket.on("close", () => signal?.removeEventListener("abort", abort));
    socket.on("data", (part) => {
      parts.push(part as Buffer);
      bytes += part.length;
      if (bytes > answer_bytes_max) return void socket.destroy(new Error("the answer is too large"));
      bytes_whole ??= lengthOf(parts);
      if (bytes_whole !== undefined && bytes >= bytes_whole) finish();
    });
    const finish = () => {
      try {
        done(answerIn(Buffer.concat(parts)));
      } catch (error) {
        fail(error);
      }
      // A server that does not end would hold on to a program that goes on, and may send for ever.
      socket.destroy();
    };
    // We ask for `connection: close`, so the answer is whole at the latest when the server ends.
    socket.on("end", finish);
    socket.write(text);
  });
}

function requestText({ url, method, headers, body }: Sent): string {
  let text = `${method} ${url.pathname}${url.search} HTTP/1.1\r\nhost: ${url.host}\r\nconnection: close\r\n`;
  for (const [name, value] of Object.entries(headers)) {
    // A token out of a file or a flag must not be able to write headers of its own.
    if (/[^\t\x20-\x7e]/.test(value)) throw new TypeError(`the header ${name} has a character that it may not have`);
    text += `${name}: ${value}\r\n`;
  }
  if (body === undefined) return `${text}\r\n`;
  return `${text}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

/** How long an answer will be with its head, once that is in; for ever where the head does not say. */
function lengthOf(parts: readonly Buffer[]): number | undefined {
  const bytes = Buffer.concat(parts);
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const head = bytes.toString("latin1", 0, end);
  const length = /^HTTP\/1\.1 [2-5].*\r\ncontent-length: *(\d+)/is.exec(head)?.[1];
  return length === undefined || /\r\ntransfer-encoding:/i.test(head) ? Infinity : end + 4 + Number(length);
}

function answerIn(bytes: Buffer): Answer {
  const end = bytes.indexOf("\r\n\r\n");
  if (bytes.length > 0 && bytes.toString("latin1", 0, 5) !== "HTTP/") throw new Error("what answers there is not HTTP");
  if (end < 0) throw cutShort();
  const [first, ...lines] = bytes.toString("latin1", 0, end).split("\r\n");
  const status = Number(first!.split(" ", 2)[1]);
  const body = bytes.subarray(end + 4);
  // An interim answer (100, 103) comes before the real one.
  if (status < 200) return answerIn(body);
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(":");
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  return { status, headers, body: bodyIn(headers, body).toString() };
}

function bodyIn(headers: Record<string, string>, bytes: Buffer): Buffer {
  if (headers["transfer-encoding"]?.toLowerCase() === "chunked") return unchunked(bytes);
  const length = Number(headers["content-length"] ?? bytes.length);
  if (bytes.length < length) throw cutShort();
  return bytes.subarray(0, length);
}

function unchunked(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; ;) {
    const line = bytes.indexOf("\r\n", at);
    const size = Number.parseInt(bytes.toString("latin1", at, line), 16);
    const begin = line + 2;
    if (line < 0 || Number.isNaN(size) || begin + size > bytes.length) throw cutShort();
    if (size === 0) return Buffer.concat(parts);
    parts.push(bytes.subarray(begin, begin + size));
    at = begin + size + 2;
  }
}

function cutShort(): Error {
  return Object.assign(new Error("the connection closed before the answer was whole"), { code: "ECONNRESET" });
}
