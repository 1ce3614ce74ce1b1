// The Vercel AI SDK as people use it, its base URLs led to the gateway; one JSON line of what it was told.
//
//     node vercel_ai.mjs GATEWAY_ADDRESS PICTURE_FILE     (with its packages in .peers/npm)

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(`${process.cwd()}/`);
const load = (name) => import(pathToFileURL(require.resolve(name)));
const { generateText, streamText, tool, stepCountIs, jsonSchema } = await load("ai");
const { createOpenAI } = await load("@ai-sdk/openai");
const { createAnthropic } = await load("@ai-sdk/anthropic");
const { createOpenAICompatible } = await load("@ai-sdk/openai-compatible");

globalThis.AI_SDK_LOG_WARNINGS = false; // standard output is the result
const [address, file] = process.argv.slice(2);
const picture = readFileSync(file);
const openai = createOpenAI({ baseURL: `${address}/v1`, apiKey: "k" });
const compatible = createOpenAICompatible({ name: "us", baseURL: `${address}/v1`, apiKey: "k" });
const anthropic = createAnthropic({ baseURL: `${address}/anthropic/v1`, apiKey: "k" });

const asked = { maxRetries: 0, prompt: "Where?" };
const shown = {
  maxRetries: 0,
  messages: [{ role: "user", content: [{ type: "text", text: "How large?" }, { type: "image", image: picture }] }],
};
const look = tool({
  description: "Look out of the window.",
  inputSchema: jsonSchema({ type: "object", properties: {} }),
  execute: async () => picture.toString("base64"),
  toModelOutput: (given) => ({
    type: "content",
    value: [{ type: "image-data", data: given.output ?? given, mediaType: "image/png" }],
  }),
});

const pieces = [];
for await (const piece of streamText({ model: openai.chat("m"), ...asked }).textStream) pieces.push(piece);

const answers = {
  plain: (await generateText({ model: openai.chat("m"), ...asked })).text,
  stream: pieces,
  picture: (await generateText({ model: openai.chat("m"), ...shown })).text,
  compatible_picture: (await generateText({ model: compatible("m"), ...shown })).text,
  responses_picture: (await generateText({ model: openai.responses("m"), ...shown })).text,
  claude: (await generateText({ model: anthropic("m"), ...asked })).text,
  claude_tool_picture: (
    await generateText({ model: anthropic("m"), ...asked, tools: { look }, stopWhen: stepCountIs(2) })
  ).text,
};
console.log(JSON.stringify(answers));
