// A scripted model on loopback, behind the APIs that hosts speak: Anthropic's messages, OpenAI's responses and
// chat completions, Gemini's generateContent:  model.mjs PORT-FILE SEEN-FILE 'STEPS'
// STEPS is JSON: [{tool, input}...]; each tool is called in turn under the name the host gave it, then the model
// says "done". A step {text} ends the turn of one host before the next one's, {status, error} refuses the request.
// What the host shows as the result of a tool is written to SEEN-FILE, one JSON value a line, and what it asks the
// model to SEEN-FILE.asked.
import fs from 'node:fs';
import http from 'node:http';

const [portFile, seenFile, script] = process.argv.slice(2);
const steps = JSON.parse(script);
const known = new Set();
let at = 0;

const seen = (text, error) => fs.appendFileSync(seenFile, JSON.stringify({ text, error: error === true }) + '\n');

// The tool of the server `g` that ends in the step's name, among those the host offers; one that it holds back until
// it is called has the name that a model is told of.
function next(names, held = (name) => name) {
	if (!names.length || at === steps.length) return null; // a request for a title, say
	const step = steps[at++];
	if (!step.tool) return null;
	const tool = names.find((n) => n.name === step.tool && !n.namespace) ?? names.find((n) => n.name.endsWith(`_${step.tool}`) || (n.namespace && n.name === step.tool));
	return { ...(tool ?? { name: held(step.tool) }), input: step.input ?? {}, id: `call_${at}` };
}

function sse(response, events) {
	response.writeHead(200, { 'content-type': 'text/event-stream' });
	for (const [type, data] of events) response.write(`${type ? `event: ${type}\n` : ''}data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`);
	response.end();
}

function json(response, value, status = 200) {
	response.writeHead(status, { 'content-type': 'application/json' });
	response.end(JSON.stringify(value));
}

function messages(body, response) {
	for (const c of (body.messages ?? []).flatMap((m) => (Array.isArray(m.content) ? m.content : []))) {
		if (c.type !== 'tool_result' || known.has(c.tool_use_id)) continue;
		known.add(c.tool_use_id);
		seen(c.content, c.is_error);
	}
	const call = next((body.tools ?? []).map((t) => ({ name: t.name })), (name) => (/^[a-z]+$/.test(name) ? `mcp__g__${name}` : name));
	const block = call ? { type: 'tool_use', id: `toolu_${at}`, name: call.name, input: call.input } : { type: 'text', text: 'done' };
	const stop = call ? 'tool_use' : 'end_turn';
	const message = { id: `msg_${at}`, type: 'message', role: 'assistant', model: body.model, content: [], stop_reason: null, stop_sequence: null, usage: { input_tokens: 1, output_tokens: 1 } };
	if (!body.stream) return json(response, { ...message, content: [block], stop_reason: stop });
	const delta = call ? { type: 'input_json_delta', partial_json: JSON.stringify(block.input) } : { type: 'text_delta', text: block.text };
	const event = (type, data) => [type, { type, ...data }];
	return sse(response, [
		event('message_start', { message }),
		event('content_block_start', { index: 0, content_block: { ...block, ...(call ? { input: {} } : { text: '' }) } }),
		event('content_block_delta', { index: 0, delta }),
		event('content_block_stop', { index: 0 }),
		event('message_delta', { delta: { stop_reason: stop, stop_sequence: null }, usage: { output_tokens: 1 } }),
		event('message_stop', {}),
	]);
}

function responses(body, response) {
	const last = body.input?.at?.(-1);
	if (/_output$/.test(last?.type ?? '')) seen(last.output);
	const names = (body.tools ?? []).flatMap((t) => (t.tools ? t.tools.map((x) => ({ name: x.name, namespace: t.name })) : { name: t.name ?? t.type }));
	const call = next(names);
	const item = call
		? { type: 'function_call', id: `fc_${at}`, call_id: call.id, name: call.name, arguments: JSON.stringify(call.input), ...(call.namespace ? { namespace: call.namespace } : {}) }
		: { type: 'message', id: `m_${at}`, role: 'assistant', content: [{ type: 'output_text', text: 'done' }] };
	const id = `resp_${at}`;
	const usage = { input_tokens: 1, input_tokens_details: null, output_tokens: 1, output_tokens_details: null, total_tokens: 2 };
	const event = (type, data) => [type, { type, ...data }];
	return sse(response, [
		event('response.created', { response: { id } }),
		event('response.output_item.done', { output_index: 0, item }),
		event('response.completed', { response: { id, usage } }),
	]);
}

function completions(body, response) {
	const last = body.messages?.at(-1);
	if (last?.role === 'tool') seen(last.content);
	const call = next((body.tools ?? []).map((t) => ({ name: t.function.name })));
	const chunk = (delta, finish, more) => ['', { id: `c${at}`, object: 'chat.completion.chunk', created: 1, model: body.model, choices: [{ index: 0, delta, finish_reason: finish }], ...more }];
	const delta = call
		? { role: 'assistant', tool_calls: [{ index: 0, id: call.id, type: 'function', function: { name: call.name, arguments: JSON.stringify(call.input) } }] }
		: { role: 'assistant', content: 'done' };
	return sse(response, [
		chunk(delta, null),
		chunk({}, call ? 'tool_calls' : 'stop', { usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } }),
		['', '[DONE]'],
	]);
}

function gemini(body, response, streamed) {
	for (const part of body.contents?.at(-1)?.parts ?? []) {
		if (part.functionResponse) seen(part.functionResponse.response?.output ?? JSON.stringify(part.functionResponse.response), 'error' in (part.functionResponse.response ?? {}));
	}
	const call = next((body.tools ?? []).flatMap((t) => (t.functionDeclarations ?? []).map((f) => ({ name: f.name }))));
	const parts = call ? [{ functionCall: { name: call.name, args: call.input } }] : [{ text: 'done' }];
	const answer = { candidates: [{ content: { role: 'model', parts }, finishReason: 'STOP', index: 0 }], usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 } };
	return streamed ? sse(response, [['', answer]]) : json(response, answer);
}

const server = http.createServer((request, response) => {
	const chunks = [];
	request.on('data', (d) => chunks.push(d));
	request.on('end', () => {
		let body = {};
		try {
			body = JSON.parse(Buffer.concat(chunks).toString() || '{}');
		} catch {
			// not JSON: nothing of ours
		}
		const url = request.url;
		fs.appendFileSync(`${seenFile}.asked`, `${JSON.stringify(body)}\n`);
		if (body.tools?.length && steps[at]?.status) return json(response, steps[at].error, steps[at++].status);
		if (/\/messages(\?|$)/.test(url)) return messages(body, response);
		if (/\/responses(\?|$)/.test(url)) return responses(body, response);
		if (/\/chat\/completions/.test(url)) return completions(body, response);
		if (/generateContent/i.test(url)) return gemini(body, response, /stream/i.test(url));
		if (/count_?tokens/i.test(url)) return json(response, { input_tokens: 1, totalTokens: 1 });
		return json(response, { data: [], models: [] }, /models/.test(url) ? 200 : 404);
	});
});
server.listen(0, '127.0.0.1', () => fs.writeFileSync(portFile, `${server.address().port}\n`));
