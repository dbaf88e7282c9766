// One official client against the real server and the fixture server: node clients.mjs MODE GADUGI FIXTURES
// MODE: sdk (first SDK), or of the second client: legacy, auto, pin.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const [mode, gadugi, fixtures] = process.argv.slice(2);
const modern = mode === 'auto' || mode === 'pin';
const info = { name: 'gadugi-tests', version: '1.0.0' };

function project() {
	const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'client-'));
	const git = (...words) => execFileSync('git', ['-C', folder, '-c', 'user.name=t', '-c', 'user.email=t@t', ...words]);
	git('init', '-q');
	git('commit', '-q', '--allow-empty', '-m', 'start');
	fs.mkdirSync(path.join(folder, '.gadugi'));
	fs.writeFileSync(path.join(folder, '.gadugi', 'config'), 'agents:\n  quick: {command: [sh, -c, "touch $GADUGI_TASK_ID"], prompt: stdin}\ndefaults: {agent: quick}\n');
	return folder;
}

async function open(command, options = {}, cwd = fs.mkdtempSync(path.join(os.tmpdir(), 'client-'))) {
	if (mode === 'sdk') {
		const { Client } = await import('@modelcontextprotocol/sdk/client/index.js');
		const { StdioClientTransport } = await import('@modelcontextprotocol/sdk/client/stdio.js');
		const client = new Client(info, { capabilities: {}, ...options });
		const transport = new StdioClientTransport({ command, args: [], cwd, stderr: 'inherit' });
		await client.connect(transport);
		return { client, transport };
	}
	const { Client } = await import('@modelcontextprotocol/client');
	const { StdioClientTransport } = await import('@modelcontextprotocol/client/stdio');
	const versionNegotiation = { mode: mode === 'pin' ? { pin: '2026-07-28' } : mode };
	const client = new Client(info, { capabilities: {}, versionNegotiation, ...options });
	const transport = new StdioClientTransport({ command, args: [], cwd, stderr: 'inherit' });
	await client.connect(transport);
	return { client, transport };
}

function call(client, params, options) {
	return mode === 'sdk' ? client.callTool(params, undefined, options) : client.callTool(params, options);
}

const tests = {
	async 'connects and lists the tools of the real server'() {
		const { client } = await open(gadugi);
		assert.equal(client.getServerVersion().name, 'gadugi');
		assert.match(client.getInstructions(), /decompose/);
		const { tools } = await client.listTools();
		assert.ok(tools.length <= 10);
		for (const tool of tools) {
			assert.match(tool.name, /^[a-z0-9_]+$/);
			assert.equal(tool.inputSchema.type, 'object');
			assert.equal(typeof tool.annotations.readOnlyHint, 'boolean');
		}
		await client.close();
	},
	async 'calls a tool and accepts its structured content'() {
		const { client } = await open(fixtures);
		await client.listTools(); // so that the output schema is known and checked
		const r = await call(client, { name: 'echo', arguments: { text: 'grüße "x" 日本 😀' } });
		assert.deepEqual(r.structuredContent, { text: 'grüße "x" 日本 😀' });
		assert.deepEqual(JSON.parse(r.content[0].text), r.structuredContent);
		assert.ok(!r.isError);
		await client.close();
	},
	async 'sees a failed tool as a result and a wrong name as an error'() {
		const { client } = await open(fixtures);
		const r = await call(client, { name: 'fail', arguments: { status: 'io', words: 'the disk is full' } });
		assert.equal(r.isError, true);
		assert.equal(r.content[0].text, 'the disk is full');
		await assert.rejects(call(client, { name: 'nothing', arguments: {} }), /unknown tool 'nothing'/);
		await client.close();
	},
	async 'hears of progress'() {
		const { client } = await open(fixtures);
		const seen = [];
		await call(client, { name: 'test_tool_with_progress', arguments: {} }, { onprogress: (p) => seen.push(p.progress) });
		assert.ok(seen.length >= 1);
		assert.deepEqual(seen, [...seen].sort((a, b) => a - b));
		await client.close();
	},
	async 'cancels a call that would never end'() {
		const { client } = await open(fixtures);
		const stopped = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'stopped-')), 'file');
		const started = stopped + '.started';
		const stop = new AbortController();
		const pending = call(client, { name: 'hold', arguments: { started, stopped } }, { signal: stop.signal });
		while (!fs.existsSync(started)) await new Promise(setImmediate);
		stop.abort('enough');
		await assert.rejects(pending);
		while (!fs.existsSync(stopped)) await new Promise(setImmediate);
		const r = await call(client, { name: 'echo', arguments: { text: 'still here' } });
		assert.equal(r.structuredContent.text, 'still here');
		await client.close();
	},
	async 'has fifty calls in flight'() {
		const { client } = await open(fixtures);
		const all = await Promise.all(Array.from({ length: 50 }, (_, i) => call(client, { name: 'echo', arguments: { text: `${i}` } })));
		all.forEach((r, i) => assert.equal(r.structuredContent.text, `${i}`));
		await client.close();
	},
	async 'decomposes, runs and waits, remembers, recalls and asks the coach'() {
		const { client } = await open(gadugi, {}, project());
		const value = async (name, args) => {
			const r = await call(client, { name, arguments: args });
			assert.ok(!r.isError, r.content?.[0]?.text);
			assert.deepEqual(JSON.parse(r.content[0].text), r.structuredContent);
			return r.structuredContent;
		};
		const plan = await value('decompose', { document: '# Plan\n\n1. First (1h)\n2. Second (2h)\n' });
		assert.deepEqual(plan.tasks.map((t) => t.title), ['First', 'Second']);
		const run = await value('orchestrate', { planId: plan.planId, waitSeconds: 50 });
		assert.equal(run.state, 'succeeded');
		await value('remember', { text: 'the build uses make' });
		assert.equal((await value('recall', { query: 'build' })).memories[0].text, 'the build uses make');
		assert.ok(JSON.stringify(await value('coach', {})).includes(run.runId));
		await client.close();
	},
	async 'asks the person before a purge'() {
		const { client } = await open(gadugi, { capabilities: { elicitation: {} } });
		const asked = [];
		let answer = { action: 'decline' };
		const handler = (request) => {
			asked.push(request.params.message);
			return answer;
		};
		if (mode === 'sdk') {
			const { ElicitRequestSchema } = await import('@modelcontextprotocol/sdk/types.js');
			client.setRequestHandler(ElicitRequestSchema, handler);
		} else {
			client.setRequestHandler('elicitation/create', handler);
		}
		const kept = await call(client, { name: 'remember', arguments: { text: 'the harbour opens at six' } });
		const ids = kept.structuredContent.stored;
		const refused = await call(client, { name: 'forget', arguments: { ids, purge: true } });
		assert.equal(refused.isError, true);
		answer = { action: 'accept', content: { confirm: true } };
		const purged = await call(client, { name: 'forget', arguments: { ids, purge: true } });
		assert.equal(purged.structuredContent.purged[0].id, ids[0]);
		assert.equal(asked.length, 2);
		assert.match(asked[0], /the harbour opens at six/);
		await client.close();
	},
	async 'ends the server by closing'() {
		const { client, transport } = await open(gadugi);
		const pid = transport.pid;
		await client.close();
		const end = Date.now() + 2000;
		for (;;) {
			try {
				process.kill(pid, 0);
			} catch {
				break;
			}
			assert.ok(Date.now() < end, 'the server is still there');
			await new Promise(setImmediate);
		}
	},
};
if (!modern) {
	tests['pings'] = async () => {
		const { client } = await open(gadugi);
		await client.ping();
		await client.close();
	};
}

for (const [name, test] of Object.entries(tests)) {
	try {
		await test();
		console.log(`ok ${mode}: ${name}`);
	} catch (e) {
		console.log(`not ok ${mode}: ${name}`);
		console.log(e);
		process.exitCode = 1;
	}
}
process.exit();
