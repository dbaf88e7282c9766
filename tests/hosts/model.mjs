// A scripted model behind the Messages API on loopback: model.mjs PORT-FILE SEEN-FILE 'STEPS'
// STEPS is JSON: [{tool, input}...]; each is called in turn, then the model says "done". What the host
// shows to it as the result of a tool is written to SEEN-FILE, one JSON value a line.
import fs from 'node:fs';
import http from 'node:http';

const [portFile, seenFile, script] = process.argv.slice(2);
const steps = JSON.parse(script);
let at = 0;

function content(body) {
	if (!body.tools?.length || at === steps.length) return { type: 'text', text: 'done' };
	const step = steps[at++];
	return { type: 'tool_use', id: `toolu_${at}`, name: step.tool, input: step.input };
}

function stream(response, message, block, stop) {
	const event = (type, data) => response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`);
	const delta = block.type === 'text' ? { type: 'text_delta', text: block.text } : { type: 'input_json_delta', partial_json: JSON.stringify(block.input) };
	response.writeHead(200, { 'content-type': 'text/event-stream' });
	event('message_start', { message });
	event('content_block_start', { index: 0, content_block: { ...block, ...(block.type === 'text' ? { text: '' } : { input: {} }) } });
	event('content_block_delta', { index: 0, delta });
	event('content_block_stop', { index: 0 });
	event('message_delta', { delta: { stop_reason: stop, stop_sequence: null }, usage: { output_tokens: 1 } });
	event('message_stop', {});
	response.end();
}

const server = http.createServer((request, response) => {
	const chunks = [];
	request.on('data', (d) => chunks.push(d));
	request.on('end', () => {
		const body = chunks.length ? JSON.parse(Buffer.concat(chunks).toString() || '{}') : {};
		if (!/\/v1\/messages(\?|$)/.test(request.url)) {
			response.writeHead(request.url.includes('count_tokens') ? 200 : 404, { 'content-type': 'application/json' });
			return response.end('{"input_tokens": 1}');
		}
		const last = body.messages?.at(-1)?.content;
		for (const c of Array.isArray(last) ? last : []) {
			if (c.type === 'tool_result') fs.appendFileSync(seenFile, JSON.stringify({ text: c.content, error: c.is_error === true }) + '\n');
		}
		const block = content(body);
		const stop = block.type === 'tool_use' ? 'tool_use' : 'end_turn';
		const message = { id: `msg_${at}`, type: 'message', role: 'assistant', model: body.model, content: [], stop_reason: null, stop_sequence: null, usage: { input_tokens: 1, output_tokens: 1 } };
		if (body.stream) return stream(response, message, block, stop);
		response.writeHead(200, { 'content-type': 'application/json' });
		return response.end(JSON.stringify({ ...message, content: [block], stop_reason: stop }));
	});
});
server.listen(0, '127.0.0.1', () => fs.writeFileSync(portFile, `${server.address().port}\n`));
