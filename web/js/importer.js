// Sends a CSV file into a table: in pieces whose good rows are kept, or as a whole that is written
// all or not at all.
import { upload, pause, ApiError } from './api.js';
import { getToken } from './session.js';
import { countLines, halves, piecesOf } from './csv.js';

const PIECE = 1 << 20;
const TOO_MANY_BAD = /^More than \d+ rows are bad/; // doc/DIALECT.md
const TRIES = 6;

// What was done so far. rejected: { line, message, bytes } of each row that was left out.
export class Progress {
	constructor(total) {
		Object.assign(this, {
			total,
			done: 0,
			written: 0,
			left: 0, // rows whose key is there, when duplicates are ignored
			rejected: [],
			waiting: null,
			line: 0, // up to which every row was written or rejected
		});
	}
}

function preferOf(keepGood, duplicates) {
	return [
		'return=minimal',
		keepGood ? 'handling=lenient, errors=skip' : 'count=exact',
		duplicates && `resolution=${duplicates}-duplicates`,
	]
		.filter(Boolean)
		.join(', ');
}

// How many rows were written, of Content-Range: */5.
const writtenOf = (response) => {
	const count = /\/(\d+)$/.exec(response.headers.get('Content-Range') ?? '');
	return count && Number(count[1]);
};

// What was sent may have been done: no answer came, or one that says so (which has status 503 too).
const leavesUnknown = (error) =>
	error instanceof ApiError &&
	(error.kind === 'offline' || error.code === 'SWM001' || error.code === 'SWM006');

const lineIn = (details) => /^(?:Row \d+, l|L)ine (\d+)/.exec(details ?? '')?.[1];

// table, begin: of beginningOf(); onConflict: columns or null; duplicates: 'merge', 'ignore' or
// null; tell(progress) after each step. Throws what stops it; progress then says how far it came.
export class Importer {
	constructor({ file, table, begin, onConflict, duplicates, keepGood, signal, tell }) {
		Object.assign(this, { file, table, begin, onConflict, duplicates, signal, tell });
		this.keepGood = keepGood;
		this.progress = new Progress(file.size);
		this.key = getToken() === null ? null : crypto.randomUUID();
		this.count = 0;
		this.isUnknown = false; // whether what was sent last is written
	}

	run() {
		return this.keepGood ? this.runInPieces() : this.runWhole();
	}

	// A refusal says that nothing was done; 503 says it of this attempt, not of one before.
	async request(body, options) {
		try {
			const response = await this.post(body, options);
			this.isUnknown = false;
			return response;
		} catch (error) {
			if (leavesUnknown(error)) this.isUnknown = true;
			else if (error.kind !== 'unavailable') this.isUnknown = false;
			throw error;
		}
	}

	post(body, { key, onSent }) {
		const { table, onConflict, duplicates, keepGood, signal } = this;
		return upload(encodeURIComponent(table), {
			query: {
				on_conflict: duplicates && onConflict ? onConflict.join(',') : null,
			},
			headers: {
				'Content-Type': 'text/csv',
				Prefer: preferOf(keepGood, duplicates),
				...(key && { 'Idempotency-Key': key }),
			},
			body,
			signal,
			onSent,
		});
	}

	async runWhole() {
		const { begin, file, progress } = this;
		const rows = await this.countRows();
		const body = new Blob([begin.header, file.slice(begin.offset)]);
		const response = await this.request(body, {
			key: null,
			onSent: (bytes) => this.move(Math.min(bytes, file.size)),
		});
		progress.written = writtenOf(response) ?? rows;
		progress.left = rows - progress.written;
		this.move(file.size);
	}

	// It is also seen here that the whole file is a text of whole rows.
	async countRows() {
		let rows = 0;
		for await (const piece of this.pieces()) rows += piece.rows.length;
		return rows;
	}

	pieces() {
		const { offset, firstLine } = this.begin;
		return piecesOf(this.file, { offset, firstLine, size: PIECE });
	}

	async runInPieces() {
		for await (const piece of this.pieces()) {
			await this.sendPiece(piece);
			this.signal.throwIfAborted();
		}
		this.move(this.file.size);
	}

	// A request with too many bad rows keeps nothing, so its halves can be sent in its place.
	async sendPiece(piece) {
		try {
			const result = await this.sendUntilAnswered(piece);
			this.count++;
			this.note(piece, result);
		} catch (error) {
			if (!TOO_MANY_BAD.test(error.message) || piece.rows.length === 1)
				throw this.located(error, piece);
			for (const half of halves(piece)) await this.sendPiece(half);
		}
	}

	note(piece, { written, errors }) {
		const { progress } = this;
		progress.written += written;
		progress.left += piece.rows.length - written - errors.length;
		progress.rejected.push(
			...errors
				.toSorted((a, b) => a.row - b.row)
				.map(({ row, line, code, message }) => ({
					line: this.lineOf(piece, line),
					message: code ? `${message} (${code})` : message,
					bytes: piece.bytes.slice(...piece.rows[row]),
				})),
		);
		progress.line = piece.firstLine + countLines(piece.bytes) - 1;
		this.move(progress.done + piece.bytes.length);
	}

	// A line of a request, which begins with the header, as a line of the file.
	lineOf(piece, line) {
		return piece.firstLine + Number(line) - countLines(this.begin.header) - 1;
	}

	located(error, piece) {
		const line = lineIn(error.details);
		if (error instanceof ApiError && line !== undefined)
			error.details = `Line ${this.lineOf(piece, line)} of the file: ${error.details}`;
		return error;
	}

	// While the server is away it tries again: nothing was done, or a lost answer is found by the
	// piece's key. Without a key nobody knows, so it stops.
	async sendUntilAnswered(piece) {
		const body = new Blob([this.begin.header, piece.bytes]);
		const before = this.progress.done;
		for (let tries = 1; ; tries++) {
			const key = this.key && `${this.key}-${this.count}`;
			try {
				const response = await this.request(body, {
					key,
					onSent: (sent) =>
						this.move(
							before + Math.min(sent, piece.bytes.length),
						),
				});
				this.progress.waiting = null;
				return await resultOf(response, piece, this.signal);
			} catch (error) {
				this.progress.done = before;
				if (key && error.code === 'SWM003') {
					this.key = null; // the server keeps no answers
					continue;
				}
				if (!this.mayRetry(error, key) || tries === TRIES) throw error;
				await this.wait(
					Math.max(error.retryAfter ?? 1, 2 ** (tries - 1)),
					error,
				);
			}
		}
	}

	mayRetry(error, key) {
		if (leavesUnknown(error)) return key !== null;
		return error instanceof ApiError && error.kind === 'unavailable';
	}

	async wait(seconds, error) {
		this.progress.waiting = { seconds, error };
		this.tell(this.progress);
		await pause(seconds, this.signal);
	}

	move(done) {
		this.progress.done = done;
		this.tell(this.progress);
	}
}

// Without bad rows the answer may have no body.
async function resultOf(response, piece, signal) {
	const text = response.status === 204 ? '' : await response.text();
	signal.throwIfAborted();
	return text === '' ? { written: piece.rows.length, errors: [] } : JSON.parse(text);
}
