// A scripted model behind three APIs on loopback: agents_model.mjs PORT-FILE SEEN-FILE 'STEPS'
// It speaks Messages (Claude Code), Responses (Codex), generateContent (Gemini CLI) and chat completions
// (opencode). STEPS is JSON; each request that offers tools takes the next one:
//   {tool, input}     the model calls a tool        {text}           it says so and is done
//   {status, error}   the request is refused        (none left)      it says "done"
// Each request is written to SEEN-FILE, one JSON value a line: {url, body}.
import fs from 'node:fs';
import http from 'node:http';

const [portFile, seenFile, script] = process.argv.slice(2);
const steps = JSON.parse(script);
let at = 0;
const usage = { in: 120, cached: 30, out: 45 };

const sse = (response) => {
	response.writeHead(200, { 'content-type': 'text/event-stream' });
	return (data, event) => response.write(`${event ? `event: ${event}\n` : ''}data: ${JSON.stringify(data)}\n\n`);
};
const reply = (response, status, body, headers = {}) => {
	response.writeHead(status, { 'content-type': 'application/json', ...headers });
	response.end(JSON.stringify(body));
};

function messages(body, step, response) {
	const block = step.tool ? { type: 'tool_use', id: `toolu_${at}`, name: step.tool, input: step.input } : { type: 'text', text: step.text };
	const stop = step.tool ? 'tool_use' : 'end_turn';
	const counted = { input_tokens: usage.in, cache_read_input_tokens: usage.cached, cache_creation_input_tokens: 0, output_tokens: usage.out };
	const message = { id: `msg_${at}_${Date.now()}`, type: 'message', role: 'assistant', model: body.model, content: [], stop_reason: null, stop_sequence: null, usage: counted };
	if (!body.stream) return reply(response, 200, { ...message, content: [block], stop_reason: stop });
	const send = sse(response), event = (type, data) => send({ type, ...data }, type);
	event('message_start', { message });
	event('content_block_start', { index: 0, content_block: { ...block, ...(step.tool ? { input: {} } : { text: '' }) } });
	event('content_block_delta', { index: 0, delta: step.tool ? { type: 'input_json_delta', partial_json: JSON.stringify(step.input) } : { type: 'text_delta', text: step.text } });
	event('content_block_stop', { index: 0 });
	event('message_delta', { delta: { stop_reason: stop, stop_sequence: null }, usage: { output_tokens: usage.out } });
	event('message_stop', {});
	response.end();
}

function responses(body, step, response) {
	const send = sse(response), id = `resp_${at}`;
	const item = step.tool
		? { type: 'function_call', id: `fc_${at}`, call_id: `call_${at}`, name: step.tool, arguments: JSON.stringify(step.input) }
		: { type: 'message', id: `m_${at}`, role: 'assistant', content: [{ type: 'output_text', text: step.text }] };
	send({ type: 'response.created', response: { id } }, 'response.created');
	send({ type: 'response.output_item.done', output_index: 0, item }, 'response.output_item.done');
	send({ type: 'response.completed', response: { id, usage: { input_tokens: usage.in, input_tokens_details: { cached_tokens: usage.cached }, output_tokens: usage.out, output_tokens_details: { reasoning_tokens: 0 }, total_tokens: usage.in + usage.out } } }, 'response.completed');
	response.end();
}

function generate(url, step, response) {
	const parts = step.tool ? [{ functionCall: { name: step.tool, args: step.input } }] : [{ text: step.text }];
	const answer = {
		candidates: [{ content: { role: 'model', parts }, finishReason: 'STOP', index: 0 }],
		usageMetadata: { promptTokenCount: usage.in, cachedContentTokenCount: usage.cached, candidatesTokenCount: usage.out, totalTokenCount: usage.in + usage.out },
	};
	if (!/stream/i.test(url)) return reply(response, 200, answer);
	sse(response)(answer);
	response.end();
}

function chat(body, step, response) {
	const send = sse(response), base = { id: `c${at}`, object: 'chat.completion.chunk', created: 1, model: body.model };
	const delta = step.tool
		? { role: 'assistant', tool_calls: [{ index: 0, id: `call_${at}`, type: 'function', function: { name: step.tool, arguments: JSON.stringify(step.input) } }] }
		: { role: 'assistant', content: step.text };
	send({ ...base, choices: [{ index: 0, delta }] });
	send({ ...base, choices: [{ index: 0, delta: {}, finish_reason: step.tool ? 'tool_calls' : 'stop' }], usage: { prompt_tokens: usage.in, prompt_tokens_details: { cached_tokens: usage.cached }, completion_tokens: usage.out, total_tokens: usage.in + usage.out } });
	response.write('data: [DONE]\n\n');
	response.end();
}

const server = http.createServer((request, response) => {
	const chunks = [];
	request.on('data', (d) => chunks.push(d));
	request.on('end', () => {
		let body = {};
		try {
			body = JSON.parse(Buffer.concat(chunks).toString() || '{}');
		} catch {}
		const url = request.url;
		fs.appendFileSync(seenFile, JSON.stringify({ url, body }) + '\n');
		if (/count_tokens/.test(url)) return reply(response, 200, { input_tokens: 1 });
		if (/countTokens/.test(url)) return reply(response, 200, { totalTokens: 1 });
		if (!/\/messages|\/responses|\/chat\/completions|generateContent/i.test(url)) return reply(response, /models/.test(url) ? 200 : 404, { data: [], models: [] });
		const step = (body.tools?.length && at < steps.length && steps[at++]) || { text: 'done' };
		if (step.status) return reply(response, step.status, step.error, step.headers);
		if (/\/messages/.test(url)) return messages(body, step, response);
		if (/\/responses/.test(url)) return responses(body, step, response);
		if (/generateContent/i.test(url)) return generate(url, step, response);
		return chat(body, step, response);
	});
});
server.listen(0, '127.0.0.1', () => fs.writeFileSync(portFile, `${server.address().port}\n`));
