// The JavaScript SDK's tour: each stop's outcome as one line of JSON. What is expected is said in test_js_sdk.py.
import { existsSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { setTimeout } from "node:timers/promises";

const [modules, started] = process.argv.slice(2);
const { InvokeCommand, InvokeWithResponseStreamCommand, LambdaClient } =
  createRequire(`${modules}/`)("@aws-sdk/client-lambda");
const client = new LambdaClient({ maxAttempts: 1 });
const text = (bytes) => Buffer.from(bytes ?? []).toString();

async function stop(name, action) {
  let outcome;
  try {
    outcome = await action();
  } catch (error) {
    outcome = { error: error.name, status: error.$metadata?.httpStatusCode, message: error.message };
  }
  console.log(JSON.stringify({ name, ...outcome }));
}

async function invoke(FunctionName, event, more = {}) {
  const answer = await client.send(new InvokeCommand({ FunctionName, Payload: JSON.stringify(event), ...more }));
  return {
    status: answer.StatusCode,
    functionError: answer.FunctionError,
    log: text(Buffer.from(answer.LogResult ?? "", "base64")),
    payload: text(answer.Payload),
  };
}

async function stream(event) {
  const command = new InvokeWithResponseStreamCommand({ FunctionName: "stream", Payload: JSON.stringify(event) });
  const answer = await client.send(command);
  const outcome = { payload: "", end: null };
  for await (const each of answer.EventStream) {
    if (each.PayloadChunk) outcome.payload += text(each.PayloadChunk.Payload);
    if (each.InvokeComplete) outcome.end = each.InvokeComplete.ErrorCode ?? "";
  }
  return outcome;
}

const note = { do: "note", text: "noted" };
await stop("invoke", () => invoke("echo", { name: "Ada" }));
await stop("function error", () => invoke("echo", { do: "fail" }));
await stop("dry run", () => invoke("echo", note, { InvocationType: "DryRun" }));
await stop("event", () => invoke("echo", note, { InvocationType: "Event" }));
await stop("tail", () => invoke("echo", { do: "log" }, { LogType: "Tail" }));
await stop("stream", () => stream({}));
await stop("broken stream", () => stream({ do: "fail" }));
await stop("missing function", () => invoke("nobody", {}));
await stop("too large", () => invoke("echo", "x".repeat(7_000_000)));
const first = invoke("busy", {});
while (!existsSync(started)) await setTimeout(10);
await stop("throttle", () => invoke("busy", {}));
rmSync(started);
await stop("after the throttle", () => first);
