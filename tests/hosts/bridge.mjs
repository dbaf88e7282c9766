// bridge.mjs PORT-FILE -- CMD ARGS...   Streamable HTTP in front of a stdio server, for the official suite.
//
// The suite speaks HTTP only. Bodies go to the server's stdin as they came, but for their ids and progress
// tokens, which are made unique over all HTTP requests and changed back on the way out; so what is judged
// is the server. An older revision's session has a server process of its own; 2026-07-28 shares one. What
// exists on HTTP only (Host and Origin, Mcp-* headers, status codes) is checked here.
import fs from 'node:fs';
import http from 'node:http';
import readline from 'node:readline';
import { randomUUID } from 'node:crypto';
import { spawn } from 'node:child_process';

const [portFile, , command, ...args] = process.argv.slice(2);
const META = 'io.modelcontextprotocol/';
const NAMED = ['tools/call', 'prompts/get', 'resources/read', 'tasks/get', 'tasks/update', 'tasks/cancel'];

class Server {
	constructor(unasked) {
		this.waiting = new Map(); // our id -> the HTTP request that waits for it
		this.next = 1;
		this.unasked = unasked;
		this.child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
		this.child.on('exit', () => {
			this.ended = true;
			for (const w of this.waiting.values()) w.reply.last({ jsonrpc: '2.0', id: w.id, error: { code: -32603, message: 'the server ended' } });
		});
		readline.createInterface({ input: this.child.stdout }).on('line', (line) => this.said(JSON.parse(line)));
	}
	send(message) {
		this.child.stdin.write(JSON.stringify(message) + '\n');
	}
	ask(message, reply) {
		const ours = this.next++;
		const token = message.params?._meta?.progressToken;
		const sent = { ...message, id: ours };
		if (token !== undefined) sent.params = { ...message.params, _meta: { ...message.params._meta, progressToken: `token-${ours}` } };
		this.waiting.set(ours, { id: message.id, method: message.method, token, reply });
		this.send(sent);
		return ours;
	}
	forget(ours) {
		if (this.waiting.delete(ours)) this.send({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: ours } });
	}
	said(message) {
		const meta = message.params?._meta ?? message.result?._meta ?? {};
		const subscriber = this.waiting.get(meta[META + 'subscriptionId']);
		if (subscriber) meta[META + 'subscriptionId'] = subscriber.id;
		if (message.method === undefined) {
			const w = this.waiting.get(message.id) ?? [...this.waiting.values()].at(-1);
			this.waiting.delete(message.id);
			w?.reply.last({ ...message, id: w.id });
		} else if (message.method === 'notifications/progress') {
			const w = [...this.waiting.entries()].find(([ours]) => `token-${ours}` === message.params.progressToken)?.[1];
			if (w) w.reply.more({ ...message, params: { ...message.params, progressToken: w.token } });
		} else if (subscriber) {
			subscriber.reply.more(message);
		} else {
			const w = [...this.waiting.values()].filter((x) => x.method !== 'subscriptions/listen').at(-1);
			if (w) w.reply.more(message);
			else this.unasked(message);
		}
	}
	end() {
		this.child.stdin.end();
	}
}

/* One HTTP answer: a single JSON body, or a stream of events once there is more than one message. */
class Reply {
	constructor(response, { headers = {}, modern = false, badMeta = false } = {}) {
		Object.assign(this, { response, headers, modern, badMeta, streams: false, over: false });
	}
	event(message) {
		this.response.write(`event: message\ndata: ${JSON.stringify(message)}\n\n`);
	}
	more(message) {
		if (this.over) return;
		if (!this.streams) this.response.writeHead(200, { 'content-type': 'text/event-stream', ...this.headers });
		this.streams = true;
		this.event(message);
	}
	last(message) {
		if (this.over) return;
		this.over = true;
		if (this.streams) {
			this.event(message);
			this.response.end();
		} else {
			this.response.writeHead(this.status(message.error?.code), { 'content-type': 'application/json', ...this.headers });
			this.response.end(JSON.stringify(message));
		}
	}
	status(code) {
		if (!this.modern || code === undefined) return 200;
		if (code === -32601) return 404;
		return [-32020, -32021, -32022, -32600, -32700].includes(code) || (code === -32602 && this.badMeta) ? 400 : 200;
	}
}

function refuse(response, status, id, code, message) {
	response.writeHead(status, { 'content-type': 'application/json' });
	response.end(JSON.stringify({ jsonrpc: '2.0', id: id ?? null, error: { code, message } }));
}

function local(name) {
	return name === undefined || ['127.0.0.1', 'localhost', '[::1]'].includes(name);
}

function hostOf(text) {
	try {
		return text && new URL(text.includes('://') ? text : `http://${text}`).hostname;
	} catch {
		return '?';
	}
}

/* The headers that 2026-07-28 wants to agree with the body; words when they do not. */
function headerMistake(headers, message, meta) {
	const name = message.params?.name ?? message.params?.uri ?? message.params?.taskId;
	let given = headers['mcp-name'];
	if (given?.startsWith('=?base64?')) given = Buffer.from(given.slice(9, -2), 'base64').toString();
	if (headers['mcp-protocol-version'] !== meta[META + 'protocolVersion']) return 'MCP-Protocol-Version';
	if (headers['mcp-method'] !== message.method) return 'Mcp-Method';
	if (NAMED.includes(message.method) && given !== name) return 'Mcp-Name';
	return null;
}

const sessions = new Map();
let shared = null;

function stateless(request, response, message) {
	const meta = message.params?._meta ?? {};
	const named = meta[META + 'protocolVersion'] !== undefined;
	if (message.id === undefined) return response.writeHead(202).end();
	const mistake = named && headerMistake(request.headers, message, meta);
	if (mistake) return refuse(response, 400, message.id, -32020, `header mismatch: ${mistake}`);
	if (!shared || shared.ended) shared = new Server(() => {});
	const server = shared;
	const reply = new Reply(response, { modern: true, badMeta: !named || meta[META + 'clientCapabilities'] === undefined });
	const ours = server.ask(message, reply);
	response.on('close', () => {
		if (!reply.over) server.forget(ours);
		reply.over = true;
	});
}

function stateful(request, response, message) {
	const id = request.headers['mcp-session-id'];
	if (message.method === 'initialize') {
		const session = { streams: new Set(), kept: [] };
		const key = randomUUID();
		session.server = new Server((m) => {
			const [stream] = session.streams;
			if (stream) new Reply(stream, {}).event(m);
			else session.kept.push(m);
		});
		sessions.set(key, session);
		return session.server.ask(message, new Reply(response, { headers: { 'mcp-session-id': key } }));
	}
	const session = sessions.get(id);
	if (!session) return refuse(response, id ? 404 : 400, message.id, -32600, 'unknown session');
	if (message.method === undefined || message.id === undefined) {
		session.server.send(message);
		return response.writeHead(202).end();
	}
	const reply = new Reply(response);
	session.server.ask(message, reply);
	response.on('close', () => (reply.over = true));
}

function streamOrEnd(request, response) {
	const id = request.headers['mcp-session-id'];
	const session = sessions.get(id);
	if (!session) return response.writeHead(id ? 404 : 405).end();
	if (request.method === 'DELETE') {
		sessions.delete(id);
		session.server.end();
		for (const s of session.streams) s.end();
		return response.writeHead(200).end();
	}
	response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
	session.streams.add(response);
	response.on('close', () => session.streams.delete(response));
	for (const m of session.kept.splice(0)) new Reply(response).event(m);
}

const listener = http.createServer((request, response) => {
	if (!local(hostOf(request.headers.host)) || !local(hostOf(request.headers.origin))) return refuse(response, 403, null, -32000, 'forbidden');
	if (request.method === 'GET' || request.method === 'DELETE') return streamOrEnd(request, response);
	if (request.method !== 'POST') return response.writeHead(405).end();
	const chunks = [];
	request.on('data', (d) => chunks.push(d));
	request.on('end', () => {
		let message;
		try {
			message = JSON.parse(Buffer.concat(chunks).toString());
		} catch {
			return refuse(response, 400, null, -32700, 'not JSON');
		}
		const old = request.headers['mcp-session-id'] !== undefined || message.method === 'initialize';
		const named = message.params?._meta?.[META + 'protocolVersion'] !== undefined;
		return (old && !named ? stateful : stateless)(request, response, message);
	});
});
listener.listen(0, '127.0.0.1', () => fs.writeFileSync(portFile, `${listener.address().port}\n`));
